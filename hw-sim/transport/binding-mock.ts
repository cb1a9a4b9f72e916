import { createRequire } from 'node:module'
import type * as bindingMock from '@serialport/binding-mock' with { 'resolution-mode': 'require' }

export type {
  MockBindingInterface,
  MockPortBinding as OpenMockPort,
  MockPortInternal,
} from '@serialport/binding-mock' with { 'resolution-mode': 'require' }

/** The class of an open port. It is required, because the package declares types for CommonJS alone. */
export const { MockPortBinding } = createRequire(import.meta.url)(
  '@serialport/binding-mock',
) as typeof bindingMock
