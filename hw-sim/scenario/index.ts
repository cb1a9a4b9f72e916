/** Days in the life of a device: faults with the moments at which they happen, in YAML. */
export { parseScenario } from './parse-scenario.js'
export { playScenario } from './play-scenario.js'
export type { Scenario, ScenarioStep, StepTrigger } from './scenario.js'
export { ScenarioError, type ScenarioProblem } from './scenario-error.js'
export { scenarioFromTranscript } from './scenario-from-transcript.js'
