import { Hono, type Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { z } from 'zod'
import { FaultError, type FaultErrorCode } from '../faults/index.js'
import { ControlError, type ControlErrorCode } from './control-error.js'
import type { ControlledDevice } from './controlled-device.js'
import { readJson } from './read-json.js'
import { logOf, statusOf, SIMULATED_NOTICE } from './device-report.js'

const armSchema = z.strictObject({
  name: z.string(),
  parameters: z.record(z.string(), z.unknown()).exactOptional(),
  times: z.int().positive().exactOptional(),
})

const countSchema = z.coerce.number().int().min(1).max(100_000)

/** How many exchanges the log shows when it is not said. */
const LOG_ENTRIES = 20

/**
 * The control interface of running simulated devices, JSON over HTTP. Errors are `{"error":{"code","message"}}`.
 * It arms faults and pulls plugs: serve it only to the user who runs the simulator.
 */
export function controlApp(devices: readonly ControlledDevice[]): Hono {
  const app = new Hono()
  const deviceOf = (c: Context): ControlledDevice => {
    const name = c.req.param('name')
    const device = devices.find((known) => known.name === name)
    if (device !== undefined) return device
    throw new ControlError('unknown-device', `no device is called ${name}: ${namesOf(devices)}`)
  }
  app.get('/', (c) => c.text(`${SIMULATED_NOTICE}\n`))
  app.get('/status', (c) => c.json({ simulated: SIMULATED_NOTICE, devices: devices.map(statusOf) }))
  addFaultRoutes(app, deviceOf)
  addPlugRoutes(app, deviceOf)
  app.get('/devices/:name/marks', (c) => c.json({ marks: runningOf(deviceOf(c)).device.marks() }))
  app.get('/devices/:name/counters', (c) => {
    const { device, rack } = runningOf(deviceOf(c))
    return c.json({ counters: device.counters, faults: rack.counters() })
  })
  app.get('/devices/:name/log', (c) => {
    const count = countSchema.safeParse(c.req.query('n') ?? LOG_ENTRIES)
    if (!count.success) throw new ControlError('malformed-request', 'n: 1 to 100000 expected')
    return c.json({ exchanges: logOf(runningOf(deviceOf(c)).device, count.data) })
  })
  app.notFound((c) => refuse(c, new ControlError('unknown-path', `${c.req.method} ${c.req.path}: unknown`)))
  app.onError((error, c) => refuse(c, error))
  return app
}

function addFaultRoutes(app: Hono, deviceOf: (c: Context) => ControlledDevice): void {
  app.get('/devices/:name/faults', (c) => c.json({ armed: runningOf(deviceOf(c)).rack.list() }))
  app.post('/devices/:name/faults', async (c) => {
    const { rack } = runningOf(deviceOf(c))
    const request = armSchema.safeParse(await readJson(c.req.raw))
    if (!request.success) throw new ControlError('malformed-request', z.prettifyError(request.error))
    const { name, parameters, times } = request.data
    return c.json({ armed: rack.arm(name, parameters ?? {}, times === undefined ? {} : { times }) })
  })
  app.delete('/devices/:name/faults', (c) => {
    const { rack } = runningOf(deviceOf(c))
    const disarmed = rack.list().length
    rack.disarmAll()
    return c.json({ disarmed })
  })
  app.delete('/devices/:name/faults/:id', (c) => {
    const id = c.req.param('id')
    if (!/^\d{1,9}$/.test(id))
      throw new ControlError('malformed-request', 'a fault is disarmed by its number')
    if (!runningOf(deviceOf(c)).rack.disarm(Number(id))) {
      throw new ControlError('not-armed', `no fault ${id} is armed`)
    }
    return c.json({ disarmed: 1 })
  })
}

function addPlugRoutes(app: Hono, deviceOf: (c: Context) => ControlledDevice): void {
  app.post('/devices/:name/reboot', (c) => {
    const device = deviceOf(c)
    device.reboot()
    return c.json(statusOf(device))
  })
  app.post('/devices/:name/unplug', (c) => {
    const device = deviceOf(c)
    device.port.unplug()
    return c.json(statusOf(device))
  })
  app.post('/devices/:name/replug', (c) => {
    const device = deviceOf(c)
    device.port.replug()
    return c.json(statusOf(device))
  })
}

function runningOf(device: ControlledDevice) {
  if (device.running !== undefined) return device.running
  throw new ControlError('being-provisioned', `${device.name} is being provisioned: it holds no keys yet`)
}

const namesOf = (devices: readonly ControlledDevice[]): string => devices.map(({ name }) => name).join(', ')

const STATUS: Readonly<Record<ControlErrorCode | FaultErrorCode, ContentfulStatusCode>> = {
  'malformed-request': 400,
  'bad-parameters': 400,
  'unknown-device': 404,
  'unknown-path': 404,
  'unknown-fault': 404,
  'not-armed': 404,
  'being-provisioned': 409,
  'not-possible-here': 409,
  'body-too-large': 413,
}

function refuse(c: Context, error: Error): Response {
  const isExpected = error instanceof ControlError || error instanceof FaultError
  const code = isExpected ? error.code : 'failed'
  return c.json({ error: { code, message: error.message } }, isExpected ? STATUS[error.code] : 500)
}
