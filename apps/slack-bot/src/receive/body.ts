/** Slack's largest interactions are some hundred kilobytes. */
const bodyLimitBytes = 1_048_576;

/** The raw bytes of a request; undefined where they are more than allowed, whatever its headers say. */
export async function readBody(request: Request, limit = bodyLimitBytes): Promise<Uint8Array | undefined> {
  if (Number(request.headers.get('content-length') ?? 0) > limit) return undefined;
  if (!request.body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
