/** Marks as other signers, and this one, hand them over in files; and their settings. */
export { MigrationError } from './migration-error.js'
export { exportText, type ExportedMarks } from './exported-marks.js'
export { readImport, type Import } from './read-import.js'
export {
  importSettings,
  SIGNERS,
  type ImportedSettings,
  type SettingsSource,
} from './settings/import-settings.js'
