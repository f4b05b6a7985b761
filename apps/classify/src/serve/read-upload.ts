import type { IncomingMessage } from "node:http";
import busboy from "busboy";
import { Problem } from "./problem.js";

/** Types that a body may have as it is; what it holds is told by its first bytes. */
export const IMAGE_TYPES = ["image/jpeg", "image/png", "image/tiff", "application/octet-stream"] as const;
const MULTIPART = "multipart/form-data";

/**
 * Reads the image of a request: its body, or the first file of a form. No more than `maxBytes` are kept, whatever the
 * request says of its length.
 *
 * @throws {Problem} 413 for a longer one, 415 for another type, 400 for one that is empty or breaks off.
 */
export async function readUpload(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const type = (request.headers["content-type"] ?? "application/octet-stream").split(";")[0]?.trim().toLowerCase();
  const isForm = type === MULTIPART;
  if (!isForm && !IMAGE_TYPES.some((known) => known === type))
    throw new Problem(
      415,
      `expected content-type ${IMAGE_TYPES.join(", ")} or ${MULTIPART}, got ${type}. Say it in a header: -H "content-type: image/jpeg".`,
    );
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes, declared);
  const body = await readBody(request, maxBytes);
  const bytes = isForm ? await firstFile(request.headers, body) : body;
  if (bytes.length === 0) throw new Problem(400, "expected an image, got an empty body. Send the file's bytes.");
  return bytes;
}

function tooLarge(maxBytes: number, got: number): Problem {
  return new Problem(
    413,
    `expected a body of at most ${maxBytes} bytes, got ${got} or more. Send a smaller image, or start the server with a larger --max-body.`,
  );
}

function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    request.on("data", (part: Buffer) => {
      length += part.length;
      if (length > maxBytes) {
        parts.length = 0;
        reject(tooLarge(maxBytes, length));
      } else parts.push(part);
    });
    request.on("end", () => resolve(Buffer.concat(parts)));
    request.on("error", () => reject(brokenOff()));
    request.on("close", () => reject(brokenOff())); // Does nothing behind `end`.
  });
}

const brokenOff = (): Problem => new Problem(400, "expected a whole body, got one that breaks off. Send it again.");

/** The bytes of a form's first file. @throws {Problem} 400 if the form is broken or has none. */
function firstFile(headers: IncomingMessage["headers"], body: Uint8Array): Promise<Uint8Array> {
  const broken = (cause: unknown): Problem =>
    new Problem(400, `expected a form with an image, got one that can't be read: ${(cause as Error).message}`);
  return new Promise((resolve, reject) => {
    let found = false;
    try {
      const parser = busboy({ headers, limits: { files: 1, fields: 16, parts: 32, fieldSize: 2 ** 16 } });
      parser.on("file", (_name, stream) => {
        found = true;
        const parts: Buffer[] = [];
        stream.on("data", (part: Buffer) => parts.push(part));
        stream.on("error", (cause: unknown) => reject(broken(cause)));
        stream.on("end", () => resolve(Buffer.concat(parts)));
      });
      parser.on("error", (cause) => reject(broken(cause)));
      parser.on("close", () => {
        if (!found) reject(new Problem(400, "expected a form with a file, got none. Add one: -F image=@scene.jpg."));
      });
      parser.end(body);
    } catch (cause) {
      reject(broken(cause));
    }
  });
}
