import { Document, Scalar, type YAMLMap, type YAMLSeq } from 'yaml'
import { chainName, type ChainId, type PublicKeyHash } from '../../tezos/index.js'

/** A key and what it may sign, as far as another signer's settings say it. */
export type KeyDraft = {
  readonly address: PublicKeyHash
  /** `edpk`, `sppk` or `p2pk` text, where it is known. */
  readonly publicKey?: string | undefined
  /** First bytes of payloads that it may sign. */
  readonly bytes: readonly number[]
  /** Kinds by name; `undefined`: no such rule. */
  readonly allow?: readonly string[] | undefined
  readonly chains?: readonly ChainId[] | undefined
  /** Addresses of the authorized keys that may ask for it; `undefined`: all of them. */
  readonly clients?: readonly PublicKeyHash[] | undefined
  /** The name of the device it is on; `undefined`: the board. */
  readonly device?: string | undefined
}

/** A PKCS#11 token; how it is recognised is not known from other signers' settings. */
export type TokenDraft = {
  readonly name: string
  readonly module: string | undefined
  readonly keys: readonly { readonly address: PublicKeyHash; readonly label: string | undefined }[]
}

/** A configuration of this program before it is text. What is left out keeps its default. */
export type Draft = {
  /** The signer it came from, for the comment at its top. */
  readonly from: string
  readonly keys: readonly KeyDraft[]
  readonly chains?: readonly ChainId[] | undefined
  /**
   * Public keys whose signatures authenticate requests, as text. `undefined`: requests are not authenticated. An empty
   * list: they are, by keys that are still to be added.
   */
  readonly authorizedKeys?: readonly string[] | undefined
  /** `HOST:PORT`. */
  readonly listen?: string | undefined
  readonly adminListen?: string | undefined
  readonly tcp?: string | undefined
  /** The path of a Unix socket. */
  readonly unix?: string | undefined
  /** Files. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  readonly knownKeys?: boolean | undefined
  readonly token?: TokenDraft | undefined
  /** A table of marks that hosts share; what is `undefined` has to be added. */
  readonly dynamodb?:
    | {
        readonly table: string | undefined
        readonly region: string | undefined
        readonly endpoint: string | undefined
      }
    | undefined
  /** Whether something has to be added by hand before the file is taken. */
  readonly isIncomplete?: boolean | undefined
}

/** The configuration file that a draft stands for. The same draft gives the same bytes. */
export function draftText(draft: Draft): string {
  const document = new Document({})
  document.commentBefore = ` tezio-bridge, translated from ${draft.from} by "tezio-bridge config import". docs/config.md shows every key.`
  const put = (path: readonly string[], value: unknown, comment?: string) => {
    const node = flowed(document, value)
    if (comment !== undefined) node.comment = ` ${comment}`
    document.setIn(path, node)
  }
  if (draft.chains !== undefined) put(['chains'], draft.chains.map(chainName))
  putDevices(draft, put)
  putPolicy(draft, put)
  if (draft.dynamodb !== undefined) put(['marks', 'dynamodb'], defined(draft.dynamodb))
  putServer(draft, put)
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false })
  return text.replace(/\b0x(?=[0-9a-f]\b)/g, '0x0') // as bytes are written everywhere else
}

type Put = (path: readonly string[], value: unknown, comment?: string) => void

/** The names of a PKCS#11 token. */
function putDevices({ token }: Draft, put: Put): void {
  if (token === undefined) return
  const place = ['devices', token.name]
  put([...place, 'kind'], 'pkcs11')
  if (token.module !== undefined) put([...place, 'module'], token.module)
  put([...place, 'token'], null, 'name it: { label: ... } or { serial: ... }')
  for (const { address, label } of token.keys) {
    const comment = label === undefined ? 'name it: { label: ... } and/or { id: ... }' : undefined
    put([...place, 'keys', address], label === undefined ? null : { label }, comment)
  }
}

/** Without the names that have no value. */
function defined(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

/** The names of policy.authorized_keys, and of a key's rules. */
function putPolicy({ keys, authorizedKeys }: Draft, put: Put): void {
  for (const { address, publicKey, bytes, allow, chains, clients, device } of keys) {
    const place = ['policy', 'signing_keys', address]
    if (device !== undefined) put([...place, 'devices'], device)
    if (publicKey !== undefined) put([...place, 'public_key'], publicKey)
    put([...place, 'allowed_ops'], bytes, bytes.length === 0 ? 'it signs nothing' : undefined)
    if (allow !== undefined) put([...place, 'allow'], allow)
    if (chains !== undefined) put([...place, 'chains'], chains.map(chainName))
    if (clients !== undefined) put([...place, 'clients'], clients)
  }
  if (authorizedKeys === undefined) return
  const isOpen = authorizedKeys.length === 0
  put(
    ['policy', 'authorized_keys'],
    authorizedKeys,
    isOpen ? 'add the public keys of the clients' : undefined,
  )
  if (isOpen) put(['security', 'auth_check'], true)
}

/** The names of the listeners. */
function putServer({ listen, adminListen, tcp, unix, tls, knownKeys }: Draft, put: Put): void {
  if (listen !== undefined) put(['server', 'listen'], listen)
  if (tcp !== undefined) put(['server', 'tcp'], tcp)
  if (unix !== undefined) put(['server', 'unix'], unix)
  if (tls !== undefined) put(['server', 'tls'], tls)
  if (knownKeys !== undefined) put(['server', 'known_keys'], knownKeys)
  if (adminListen !== undefined) put(['admin', 'listen'], adminListen)
}

/** Lists on one line, bytes in hex, text in quotes where YAML could read something else. */
function flowed(document: Document, value: unknown): Scalar | YAMLMap | YAMLSeq {
  if (Array.isArray(value)) {
    const list = document.createNode(value.map((item) => scalar(item)))
    list.flow = true
    return list
  }
  return typeof value === 'object' && value !== null ? document.createNode(value) : scalar(value)
}

function scalar(value: unknown): Scalar {
  const node = new Scalar(value)
  if (typeof value === 'number') node.format = 'HEX'
  if (typeof value === 'string' && value.includes(':')) node.type = 'QUOTE_SINGLE'
  return node
}
