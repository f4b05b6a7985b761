/** The page for a person who opens the server's address in a browser. */
export function frontPage(classNames: readonly string[], host: string): string {
  const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
  const address = escapeHtml(`http://${host}/classify?top=5`);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>graticule-classify</title>
<style>body { font: 16px/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 44rem; padding: 0 1rem } pre { background: #f3f3f3; padding: 1rem; overflow: auto }</style></head>
<body>
<h1>graticule-classify</h1>
<p>Send an image, get its classes.</p>
<pre>curl --data-binary @scene.jpg -H "content-type: image/jpeg" "${address}"
curl -F image=@scene.tif "${address}"</pre>
<p><a href="/openapi.json">OpenAPI</a> · <a href="/health">health</a></p>
<p>${classNames.length} classes: ${escapeHtml(classNames.join(", "))}.</p>
</body>
</html>
`;
}
