import type { KeyConfig, TransactionsConfig } from './config.js'

/** A key's limits with the names of the file; those that are not set are left out. */
export function limitSettings({ transactions, hours, perMinute }: KeyConfig) {
  return {
    ...(transactions === undefined ? {} : { transactions: transactionSettings(transactions) }),
    ...(perMinute === undefined ? {} : { per_minute: perMinute }),
    ...(hours === undefined
      ? {}
      : { hours: { ...hours, from: timeText(hours.from), to: timeText(hours.to) } }),
  }
}

function transactionSettings(rules: TransactionsConfig) {
  const { destinations, maxMutez, maxFeeMutez, entrypoints, spendWindows } = rules
  return {
    ...(destinations === undefined ? {} : { destinations }),
    ...amounts(maxMutez, maxFeeMutez),
    ...(entrypoints === undefined ? {} : { entrypoints }),
    ...(spendWindows.length === 0
      ? {}
      : {
          spend_windows: spendWindows.map((window) => {
            return { hours: window.hours, ...amounts(window.maxMutez, window.maxFeeMutez) }
          }),
        }),
  }
}

function amounts(maxMutez: number | undefined, maxFeeMutez: number | undefined) {
  return {
    ...(maxMutez === undefined ? {} : { max_mutez: maxMutez }),
    ...(maxFeeMutez === undefined ? {} : { max_fee_mutez: maxFeeMutez }),
  }
}

function timeText(minute: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}
