/**
 * The first key that an object in a JSON text holds twice, or undefined; `JSON.parse` would keep the last one silently.
 * The text must be valid JSON.
 */
export function findDuplicateKey(json: string): string | undefined {
  const scopes: Set<string>[] = [];
  const string = /"(?:[^"\\]|\\.)*"/y;
  const colon = /\s*:/y;
  for (let index = 0; index < json.length; index++) {
    const letter = json[index];
    if (letter === "{") scopes.push(new Set());
    else if (letter === "}") scopes.pop();
    else if (letter === '"') {
      string.lastIndex = index;
      string.test(json);
      const end = string.lastIndex;
      colon.lastIndex = end;
      if (colon.test(json)) {
        // Keys are compared after unescaping: "a" and "\u0061" are the same.
        const key = JSON.parse(json.slice(index, end)) as string;
        const keys = scopes.at(-1)!;
        if (keys.has(key)) return key;
        keys.add(key);
      }
      index = end - 1;
    }
  }
  return undefined;
}
