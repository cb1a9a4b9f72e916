import { ACCOUNTS_PAGES } from './accounts/accounts-pages.js'
import type { HelpPage } from './help-page.js'

/** Every command's page, by its name below `tezio-bridge`. */
export const HELP_PAGES: Readonly<Record<string, HelpPage>> = {
  serve: {
    about: [
      'Signs for the keys of the configuration until SIGTERM or SIGINT; a second signal ends it at once. It stays up without a board and finds it when it is plugged in. SIGHUP makes it read the configuration again, all of it or nothing.',
      'Log lines go to standard output: JSON, or readable text where that is a terminal.',
    ],
    examples: [
      ['tezio-bridge serve', 'with config.yaml of this folder'],
      [
        'tezio-bridge serve --config /etc/tezio-bridge/config.yaml --log-level debug',
        'with every command that goes to the board in the log',
      ],
    ],
    exits: [74, 78],
  },
  setup: {
    about: [
      'Finds the board, reads its keys, asks which one bakes and for which chain, takes the level of the head from a node or from you, writes the configuration, sets the first marks, and shows what a service manager and octez-client need. Nothing is written before the last question, nothing that exists is overwritten without being told to, and a second run changes nothing.',
      'For scripts: --yes asks nothing; what has no safe default must be given.',
    ],
    examples: [
      ['tezio-bridge setup', 'step by step'],
      ['tezio-bridge setup --dry-run', 'the same, and nothing is written'],
      ['tezio-bridge setup --yes --port auto --key 3 --chain mainnet --level 9000000', 'without a question'],
    ],
    exits: [69, 74, 78, 130],
  },
  doctor: {
    about: [
      'Looks at all that signing needs: program, configuration, port, board, state, disk, clock, addresses, node and daemon. Each check passes, warns or fails, with a remedy. It reads only, but for a probe file in the state directory that it removes. docs/doctor.md lists the checks.',
    ],
    examples: [
      ['tezio-bridge doctor', ''],
      ['tezio-bridge doctor --json', 'for scripts'],
    ],
    exits: [1],
  },
  devices: {
    about: [
      'Shows the serial ports of this machine with what is known of each: which board, its serial number, who may open it and who has it open. It opens none, unless --probe asks for the addresses of boards that nobody has open.',
    ],
    examples: [
      ['tezio-bridge devices', ''],
      ['tezio-bridge devices --probe', 'with the addresses on the boards'],
    ],
    exits: [],
  },
  init: {
    about: [
      'Makes the state directory with one high-water mark for each key, allowed chain and kind. Nothing at or below a mark is ever signed, so stop every other signer of these keys first, wait for two new blocks, and give the level of the head of the chain. A state that exists is never touched.',
    ],
    examples: [
      ['tezio-bridge init --level 9000000', 'marks at that level, for every configured key and chain'],
      ['tezio-bridge init', 'marks from high_water_marks in the configuration'],
    ],
    exits: [74, 78],
  },
  status: {
    about: [
      'Asks the running daemon over the control socket in its state directory; it reads memory there and never waits for the board. Shown are the board, the queue, the times of the last hour, the warnings with what to do about each, the keys, the marks and the last decisions.',
    ],
    examples: [
      ['tezio-bridge status', 'once'],
      ['tezio-bridge status --watch', 'again every second, until Ctrl-C'],
      ['tezio-bridge status --json', 'for scripts: the same as /api/status of the admin listener'],
    ],
    exits: [69, 78],
  },
  'config check': {
    about: [
      'Reads the configuration as serve and a reload would, and tells every problem with its line, or the warnings. It needs no board, no state and no daemon.',
    ],
    examples: [['tezio-bridge config check --config /etc/tezio-bridge/config.yaml', 'before a reload']],
    exits: [78],
  },
  'config show': {
    about: [
      "Shows everything that would be in force, defaults included, as a configuration file. The path of a node's URL is hidden, for it may hold a token.",
    ],
    examples: [['tezio-bridge config show', 'as YAML']],
    exits: [78],
  },
  'config import': {
    about: [
      'Translates the settings of Signatory (its YAML file), of octez-signer (a systemd unit, a script, or its command line, with its base directory) or of the remote-signer of tacoinfra (its keys.json) into a configuration of this program. What has no place in it, and what had to be assumed, is told on standard error with what to do about it: read both before you use the file. The result is checked as config check would. No secret is read or shown.',
      'Marks are not settings: stop the other signer for good, then use init and marks import.',
    ],
    examples: [
      ['tezio-bridge config import --from signatory signatory.yaml', 'to standard output'],
      [
        'tezio-bridge config import --from octez --out config.yaml /etc/systemd/system/octez-signer.service',
        'from the unit that starts it',
      ],
      ['tezio-bridge config import --from tacoinfra --out config.yaml keys.json', 'keys on a PKCS#11 token'],
      [
        'tezio-bridge config import --from octez --key tz3g4AnLYCcGY5sQvk6m2bxfBGFfXx4c1HfJ -- launch socket signer -a 127.0.0.1',
        'from its options, behind --',
      ],
    ],
    exits: [74, 78],
  },
  keys: {
    about: [
      'Shows the four keys of the board with their addresses and what the configuration lets each sign. A running daemon is asked where there is one; else the board itself. With --port the board is asked, and no configuration is needed: never do that beside a daemon on the same port.',
    ],
    examples: [
      ['tezio-bridge keys', "the running daemon's, or the configured board's"],
      ['tezio-bridge keys --port auto', 'of the board that is plugged in'],
    ],
    exits: [69, 78],
  },
  'keys clear-quarantine': {
    about: [
      'A key is in quarantine when its board used one nonce for two payloads: two such signatures give the secret key away, and the second was withheld. Look at the board first: if it did that once, its key is in danger. This command lets the key sign again.',
    ],
    examples: [['tezio-bridge keys clear-quarantine --key tz3g4AnLYCcGY5sQvk6m2bxfBGFfXx4c1HfJ', '']],
    exits: [78],
  },
  'marks show': {
    about: [
      'Shows the high-water mark of every chain, key and kind: the level and round signed last, or set by hand. A running daemon is asked where there is one; else the journal is read.',
    ],
    examples: [['tezio-bridge marks show --json', '']],
    exits: [78],
  },
  'marks raise': {
    about: [
      'Raises the marks that are lower, and lowers none. Needed after a long pause (a jump of more than marks.max_level_gap levels), and after a restored backup. What is at or below the new mark will never be signed.',
    ],
    examples: [
      ['tezio-bridge marks raise --level 9000000', 'every mark'],
      ['tezio-bridge marks raise --level 9000000 --kind block --chain mainnet', 'marks of blocks of mainnet'],
    ],
    exits: [78],
  },
  'marks seed': {
    about: [
      'Sets first marks for keys, chains and kinds that were added to the configuration later. Marks that exist stay as they are. The daemon must be stopped.',
    ],
    examples: [['tezio-bridge marks seed --level 9000000', '']],
    exits: [78],
  },
  'marks verify': {
    about: [
      'Checks every line, checksum and number of the journal and of its rolled segments, and that no mark got lost between them. It reads only, also beside a running daemon.',
    ],
    examples: [['tezio-bridge marks verify', '']],
    exits: [78],
  },
  'marks export': {
    about: [
      'Writes the marks to a new file and ends this state for good: nothing is ever signed with it again, so that two hosts cannot sign with one key. Take the file to the other host and import it there. The daemon must be stopped.',
    ],
    examples: [['tezio-bridge marks export marks.json', '']],
    exits: [74, 78],
  },
  'marks import': {
    about: [
      'Raises marks to those of another signer: an export of this program, the high-water mark files of octez-signer, or those of Signatory. It sets no first mark and lowers none, and takes all or nothing. The daemon must be stopped, and the other signer must never run again.',
    ],
    examples: [
      ['tezio-bridge marks import --dry-run marks.json', 'show what would be raised'],
      ['tezio-bridge marks import marks.json', ''],
    ],
    exits: [78],
  },
  'marks migrate': {
    about: [
      'Makes the tables of marks.postgresql, or brings them to the version that this program needs, in one transaction; where they are up to date it changes nothing. The daemon’s role should not be able to do that: name another with --url. With --role it prints the GRANT statements for the daemon’s role. docs/shared-marks.md has every step.',
    ],
    examples: [
      [
        'tezio-bridge marks migrate --url "postgresql://tezio_owner@db.example.org/tezio?sslmode=verify-full" --role bridge',
        'with the owner of the tables, for the daemon’s role bridge',
      ],
    ],
    exits: [64, 78],
  },
  'policy explain': {
    about: [
      'Decodes a payload and shows what each rule of the key says of it, which one decides, and what the marks and the spend windows in the state directory say now. It reads only, also beside a running daemon, and never touches the board. What only the daemon knows is listed. docs/policy.md explains every rule.',
      'It ends with 0 where the payload would be signed as far as can be told, and with 78 where it would be refused.',
    ],
    examples: [
      [
        'tezio-bridge policy explain --key tz3g4AnLYCcGY5sQvk6m2bxfBGFfXx4c1HfJ --payload 05010000000568656c6c6f',
        'of Michelson data',
      ],
      [
        'tezio-bridge policy explain --json --key tz3g4AnLYCcGY5sQvk6m2bxfBGFfXx4c1HfJ --payload -',
        'of what standard input says, for scripts',
      ],
    ],
    exits: [78],
  },
  conformance: {
    about: [
      'Judges the device on a port by the serial protocol, check by check, with reports for people, JSON and JUnit. With --destructive it also raises the watermarks of the device: never do that with a board that bakes.',
    ],
    examples: [['tezio-bridge conformance --port /dev/ttyACM0 --junit report.xml', '']],
    exits: [1, 69],
  },
  console: {
    about: [
      'Talks line by line to the sketches that provision or debug a board; the signing firmware speaks no text. What is said can be written to a transcript, with mnemonic words and keys masked.',
    ],
    examples: [['tezio-bridge console --port /dev/ttyACM0 --transcript session.txt', '']],
    exits: [69, 74],
  },
  demo: {
    about: [
      'Serves with a simulated board and a temporary state directory, prints how to try it, and removes all of it on Ctrl-C. Its keys are public knowledge: use them for nothing real.',
    ],
    examples: [['tezio-bridge demo', '']],
    exits: [69, 74],
  },
  completion: {
    about: ['Prints a script that lets the shell complete commands and options of tezio-bridge.'],
    examples: [
      ['tezio-bridge completion bash > /etc/bash_completion.d/tezio-bridge', 'for every user of bash'],
      ['tezio-bridge completion zsh > ~/.zfunc/_tezio-bridge', 'for zsh'],
    ],
    exits: [],
  },
  ...ACCOUNTS_PAGES,
}
