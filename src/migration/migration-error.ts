/** A file that marks cannot be taken from; nothing was changed. The text names the file, the place and the reason. */
export class MigrationError extends Error {}
