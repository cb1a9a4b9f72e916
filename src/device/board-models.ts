/** A board that Tezio firmware runs on, or the same board while it waits for a sketch. */
export type BoardModel = { readonly name: string; readonly isBootloader: boolean }

/** Arduino's USB vendor id. */
export const VENDOR_ID = '2341'

/** By USB product id; a bootloader's id is the board's without its highest bit (Arduino SAMD core, `boards.txt`). */
const MODELS: ReadonlyMap<string, BoardModel> = new Map([
  ['8054', { name: 'Arduino MKR WiFi 1010', isBootloader: false }],
  ['8057', { name: 'Arduino Nano 33 IoT', isBootloader: false }],
  ['0054', { name: 'Arduino MKR WiFi 1010', isBootloader: true }],
  ['0057', { name: 'Arduino Nano 33 IoT', isBootloader: true }],
])

/** The product ids of the boards themselves. */
export const PRODUCT_IDS: readonly string[] = [...MODELS].flatMap(([id, { isBootloader }]) =>
  isBootloader ? [] : [id],
)

/** What a USB device is by its ids, in either case of letters; `undefined` for everything else. */
export function boardModel(
  vendorId: string | undefined,
  productId: string | undefined,
): BoardModel | undefined {
  return vendorId?.toLowerCase() === VENDOR_ID ? MODELS.get(productId?.toLowerCase() ?? '') : undefined
}
