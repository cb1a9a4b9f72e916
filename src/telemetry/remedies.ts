/**
 * Everything that can be wrong while the daemon runs, and what to do about it. docs/runbook.md has a section for each
 * code. Those of the port and the board are the driver's own codes.
 */
export const REMEDIES = {
  'port-not-found':
    'plug the board in, or name its port in device.port; to see what is there: tezio-bridge devices',
  'port-permission':
    'install the udev rule, or let the user of the daemon join the group that owns the port (dialout)',
  'port-busy': 'stop the program that holds the port; to see which one it is: tezio-bridge doctor',
  'port-failed': 'unplug the board and plug it in again; to look closer: tezio-bridge doctor',
  'wrong-device':
    'plug in the board whose keys are configured, or set device.serial_number; to see the keys: tezio-bridge keys',
  'device-unavailable': 'wait for the board to be found; if it lasts: tezio-bridge doctor',
  'device-lost': 'check the cable and the power of the USB port, then tezio-bridge doctor',
  'device-timeout': 'press reset on the board, or unplug it; if it goes on: tezio-bridge doctor',
  'device-reply-damaged': 'try another cable and another USB port, without a hub between',
  'device-failed': 'reset the board; if it goes on, its secure element does not work: replace the board',
  'device-policy': 'the firmware on the board forbids this: provision it to sign these kinds',
  'device-refused': 'check that the board runs the TezioHSM_API firmware: tezio-bridge conformance',
  'device-watermark': "restart the board: its own high-water mark stands above the bridge's",
  'module-failed':
    'correct the path of the module, or compile pkcs11js (docs/pkcs11.md); then restart or wait for the next attempt',
  'token-not-found':
    'put the token in, or correct the label or serial of its device: pkcs11-tool --list-slots',
  'token-key-missing': 'correct the label or id of the key on the token: pkcs11-tool --login --list-objects',
  'pin-refused': 'correct the PIN and restart: it is tried once only, for tokens lock themselves',
  'simulated-device': 'use it for tests only: a real board is a /dev/ttyACM port',
  'device-reconnects': 'check the cable, the power and the autosuspend of the USB port: tezio-bridge doctor',
  'foreign-writer':
    'stop the other program on the port, often ModemManager, or keep it away with the udev rule',
  'late-replies':
    'the board answers more slowly than device.timeout_ms allows: raise it, or look at the board and its cable',
  'signature-invalid': 'do not trust this board: check its cable, then tezio-bridge conformance on a spare',
  'key-quarantined':
    'look at the device, whose secret key may be at risk; to let it sign again: tezio-bridge keys clear-quarantine',
  'marks-missing':
    'stop the daemon and run tezio-bridge marks seed with a level above all that was ever signed',
  'journal-failed':
    'free space on the disk of the state directory, or repair it; nothing is signed meanwhile',
  'marks-unavailable':
    'bring the database of the marks back, or the way to it; nothing is signed without its commit',
  'marks-went-back':
    'stop all hosts, find out which backup was restored, and raise the marks above all that was ever signed: tezio-bridge marks raise',
  'marks-schema': 'bring the tables up to date: tezio-bridge marks migrate',
  'spare-took-over':
    'look at the device that had a fault: its warning says what it was, or tezio-bridge doctor',
  'conflicting-payload':
    'find the second baker that uses this key and stop it: two of them are how a double signature comes about',
  'level-gap':
    'if the chain really is that far: tezio-bridge marks raise; if not, the client follows another chain',
  'mark-suspected':
    'wait until the chain has passed the level named, or raise the mark above all that was signed',
  'head-unknown': 'start the node that head_check.rpc names, or correct its address',
  'hook-unavailable':
    'start the service that hook.url of the key names, or correct the reason told; on_error: allow signs without it',
  'authentication-failures':
    'give the client a key, certificate or token that policy names, or keep strangers out with allowed_ips',
  'certificate-expiring':
    'renew the certificate of server.tls, then send SIGHUP: kill -HUP reads its files again',
  'reload-refused': 'correct the configuration (tezio-bridge config check) and send SIGHUP again, or restart',
  'config-warning': 'change the setting named in the configuration file',
} as const satisfies Readonly<Record<string, string>>

/** A code that has a remedy. */
export type TroubleCode = keyof typeof REMEDIES

/** Whether a code of another part is one of these. */
export function isTroubleCode(code: string): code is TroubleCode {
  return Object.hasOwn(REMEDIES, code)
}
