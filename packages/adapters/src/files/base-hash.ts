import { MismatchError, MissingDependencyError } from "@graticule/core";
import type { StateReader } from "@graticule/nn";
import type { ModelAdapters } from "../model-adapters.js";

/** Key of the base's hash in the metadata of an adapter's tensors. */
export const BASE_HASH_KEY = "graticule_base_sha256";

/**
 * SHA-256 of the weights that an adapter was trained on: names, shapes and float32 values of all parameters of the model
 * itself but those that the adapter has values of its own of.
 *
 * @param source of the model's values, where the model doesn't hold them whole.
 * @throws {MissingDependencyError} where the platform has no `crypto.subtle`, such as a page without HTTPS.
 */
export async function hashBase(state: ModelAdapters, owned: readonly string[], source?: StateReader): Promise<string> {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle)
    throw new MissingDependencyError(
      "crypto.subtle",
      "hashBase: expected a platform with crypto.subtle, got none. Serve the page by HTTPS, or from localhost.",
    );
  const digests: Uint8Array[] = [];
  for (const path of [...state.base.keys()].sort()) {
    if (owned.includes(path)) continue;
    const parameter = state.base.get(path);
    const shape = parameter?.globalShape ?? [];
    const values = source ? await source.read(path) : await state.owned("", path).data<"float32">();
    const name = new TextEncoder().encode(`${path} [${shape.join(", ")}]`);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    for (const part of [name, bytes])
      digests.push(new Uint8Array(await subtle.digest("SHA-256", Uint8Array.from(part))));
  }
  const all = new Uint8Array(32 * digests.length);
  for (const [index, digest] of digests.entries()) all.set(digest, 32 * index);
  const hash = new Uint8Array(await subtle.digest("SHA-256", all));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @throws {MismatchError} if the base is another one. */
export function checkBaseHash(name: string, expected: string, got: string): void {
  if (expected !== got)
    throw new MismatchError(
      `loadAdapter '${name}'`,
      `the base that it was trained on, sha256 ${expected.slice(0, 16)}…`,
      `one of sha256 ${got.slice(0, 16)}…`,
      "Load the base's own weights first, or pass anyBase where another one is meant.",
    );
}
