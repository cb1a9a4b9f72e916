/** The conformance kit: judges a device by the protocol alone, on any cable. */
export { judgeDevice, LIMITS, type JudgeOptions } from './judge-device.js'
export { LinkLostError, type Exchanger } from './exchanger.js'
export { connectInProcess } from './in-process-exchanger.js'
export { junitReport } from './junit.js'
export { checkText, summaryText } from './report-text.js'
export type { Judgement } from './judgement.js'
export type { CheckResult, Report, SurpriseResult, SurpriseVerdict, TimingRow } from './report.js'
export { openSerialExchanger, PortUnavailableError, type SerialExchanger } from './serial-exchanger.js'
