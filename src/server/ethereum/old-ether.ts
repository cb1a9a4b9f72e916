const ETHER_DIGITS = 18

/**
 * Wei as ether in the words of Python's `Decimal`, which the old service answered with: no zeros at the end, and digits
 * with an exponent below 0.000001 (`1` is `1E-18`). Source: Python's to-scientific-string.
 */
export function oldEther(wei: bigint): string {
  if (wei === 0n) return '0'
  const digits = String(wei)
  const zeros = Math.min(/0*$/.exec(digits)?.[0].length ?? 0, ETHER_DIGITS)
  const coefficient = digits.slice(0, digits.length - zeros)
  const exponent = zeros - ETHER_DIGITS
  if (exponent === 0) return coefficient
  const adjusted = exponent + coefficient.length - 1
  if (adjusted < -6) {
    const rest = coefficient.slice(1)
    return `${coefficient.slice(0, 1)}${rest === '' ? '' : `.${rest}`}E${adjusted}`
  }
  const whole = coefficient.slice(0, exponent) || '0'
  return `${whole}.${coefficient.slice(exponent).padStart(-exponent, '0')}`
}
