/** How results are written by every engine, so that a row reads the same everywhere. */

/** Appended to each question: old servers quote 64-bit integers, and not-a-number must arrive as null. */
export const resultSettings =
  'SETTINGS output_format_json_quote_64bit_integers = 0, output_format_json_quote_decimals = 0, output_format_json_quote_denormals = 0'
