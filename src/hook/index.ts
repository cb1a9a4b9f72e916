/** Asks a policy hook over HTTP. */
export { hookClient, SIGNATURE_HEADER, type HookAddress, type HookReply } from './ask-hook.js'
