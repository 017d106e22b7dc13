/** A call of the command that its user must write otherwise. */
export class WrongCallError extends Error {}
