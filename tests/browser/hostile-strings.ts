// Strings that would run a script through any published injection technique: fourteen classes, each with several
// spellings and several ways to reach the function they call. The techniques are public; the strings are generated
// here.

/** The page function that a successful injection calls. */
export const trap = 'kefuTrap'

const calls = [
  `${trap}()`,
  `top.${trap}()`,
  `self['${trap}']()`,
  `eval('${trap}()')`,
  `setTimeout('${trap}()')`,
  `import('data:text/javascript,top.${trap}()')`,
  `Function('${trap}()')()`,
]

const classes: Record<string, (call: string) => string[]> = {
  'script elements': (call) => [
    `<script>${call}</script>`,
    `<SCRIPT >${call}</SCRIPT >`,
    `<script src="data:text/javascript,${call}"></script>`,
    `<script type=module>${call}</script>`,
    `<scr<script>ipt>${call}</scr</script>ipt>`,
  ],
  'event handlers': (call) => [
    `<img src=x onerror=${call}>`,
    `<img/src=x/onerror="${call}">`,
    `<details open ontoggle=${call}>`,
    `<input autofocus onfocus=${call}>`,
    `<video><source onerror=${call}></video>`,
  ],
  'SVG and MathML': (call) => [
    `<svg onload=${call}>`,
    `<svg><script>${call}</script></svg>`,
    `<svg><animate onbegin=${call} attributeName=x dur=1s>`,
    `<math><mtext></mtext><img src=x onerror=${call}></math>`,
    `<svg><a xlink:href="javascript:${call}"><text y=20>x</text></a></svg>`,
  ],
  frames: (call) => [
    `<iframe srcdoc="<script>parent.${call}</script>"></iframe>`,
    `<iframe src="javascript:${call}"></iframe>`,
    `<object data="javascript:${call}"></object>`,
    `<embed src="data:text/html,<script>${call}</script>">`,
    `<portal src="javascript:${call}"></portal>`,
  ],
  'script addresses': (call) => [
    `javascript:${call}`,
    `JaVaScRiPt:${call}`,
    `java\tscript:${call}`,
    `\u0001javascript:${call}`,
    `https://x@javascript:${call}`,
    `[look](javascript:${call})`,
    `<a href="javascript:${call}">look</a>`,
  ],
  'data and blob addresses': (call) => [
    `data:text/html,<script>${call}</script>`,
    `<a href="data:text/html;base64,${Buffer.from(`<script>${call}</script>`).toString('base64')}">look</a>`,
    `![look](data:image/svg+xml,<svg onload="${call}">)`,
    `vbscript:${call}`,
    `blob:https://x/${call}`,
  ],
  'out of an attribute': (call) => [
    `" onmouseover="${call}" x="`,
    `' autofocus onfocus='${call}`,
    `"><img src=x onerror=${call}>`,
    `\`><svg onload=${call}>`,
    `" style="animation-name:x" onanimationstart="${call}`,
  ],
  'out of a script or JSON': (call) => [
    `';${call};//`,
    `</script><script>${call}</script>`,
    `\u2028${call}\u2029`,
    `"};${call};{"`,
    `\\u003cscript\\u003e${call}\\u003c/script\\u003e`,
  ],
  templates: (call) => [
    `{{constructor.constructor("${call}")()}}`,
    `\${${call}}`,
    `<%= ${call} %>`,
    `{% ${call} %}`,
    `{"dangerouslySetInnerHTML":{"__html":"<img src=x onerror=${call}>"}}`,
    `__proto__[innerHTML]=<img src=x onerror=${call}>`,
  ],
  styles: (call) => [
    `<style>@import 'javascript:${call}';</style>`,
    `<div style="background:url(javascript:${call})">x</div>`,
    `<link rel=stylesheet href="data:text/css,*{color:red}" onload=${call}>`,
    `expression(${call})`,
    `</style><script>${call}</script>`,
  ],
  'changed by the parser': (call) => [
    `<noscript><p title="</noscript><img src=x onerror=${call}>">`,
    `<math><mi><table><mglyph><style><img src=x onerror=${call}>`,
    `<!--><img src=x onerror=${call}>-->`,
    `<![CDATA[<img src=x onerror=${call}>]]>`,
    `<template><img src=x onerror=${call}></template>`,
    `<xmp><img src=x onerror=${call}></xmp>`,
  ],
  encodings: (call) => [
    `&lt;img src=x onerror=${call}&gt;`,
    `&#60;img src=x onerror=${call}&#62;`,
    `%3Cimg src=x onerror=${call}%3E`,
    `\uff1cimg src=x onerror=${call}\uff1e`,
    `+ADw-script+AD4-${call}+ADw-/script+AD4-`,
    `<\u200bimg src=x onerror=${call}>`,
  ],
  'page and names': (call) => [
    `<base href="javascript:${call}//">`,
    `<meta http-equiv=refresh content="0;url=javascript:${call}">`,
    `<form action="javascript:${call}"><button>x</button></form>`,
    `<a id=root><a id=root name=innerHTML href="javascript:${call}">`,
    `<body onload=${call}>`,
  ],
  polyglots: (call) => [
    `jaVasCript:/*-/*\`/*\\\`/*'/*"/**/(/* */oNcliCk=${call} )//</stYle/</titLe/</teXtarEa/</scRipt/--!>\\x3csVg/<sVg/oNloAd=${call}//>`,
    `\u202e<img src=x onerror=${call}>\u202c`,
    `'"><script>${call}</script><!--\u0300\u0301`,
    `👩‍👩‍👧<img src=x onerror=${call}>客服`,
    `<img src="x\` \`<script>${call}</script>"\` \`>`,
  ],
}

export const classCount = Object.keys(classes).length

/** All of them: over five hundred. */
export const hostileStrings: readonly string[] = calls.flatMap((call) =>
  Object.values(classes).flatMap((spell) => spell(call)),
)

/** A sample of this size, balanced over the classes. */
export function someOfEachClass(count: number): string[] {
  const all = Object.values(classes).map((spell, index) => spell(calls[index % calls.length] as string))
  const picked: string[] = []
  for (let turn = 0; picked.length < count; turn++) {
    for (const [index, strings] of all.entries()) picked.push(strings[(turn + index) % strings.length] as string)
  }
  return picked.slice(0, count)
}
