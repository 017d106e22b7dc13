/** The settings of this program. */

/** 0 takes a free port. */
export const port = Number(process.env['PORT'] ?? '3000')
