/** The first line of a decoder's complaint; libraries append theirs in many. */
export function firstLine(error: unknown): string {
  return ((error as Error).message.split("\n")[0] as string).replace(/[:.\s]+$/, "");
}
