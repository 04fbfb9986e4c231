// Reads pictures with the parsers that others will read them with. In a process of its own, since Mermaid wants a window.
// stdin: [{ "mermaid": "..." } | { "svg": "..." }, ...]; stdout: for each what was found in it, or { "error": "..." }.
import { text } from 'node:stream/consumers';
import { JSDOM } from 'jsdom';

const { window } = new JSDOM('');
Object.assign(globalThis, { window, document: window.document });
let mermaid;

async function readMermaid(source) {
  if (mermaid === undefined) {
    mermaid = (await import('mermaid')).default;
    mermaid.initialize({ startOnLoad: false, securityLevel: 'strict' });
  }
  const { db } = await mermaid.mermaidAPI.getDiagramFromText(source);
  const groups = db.getSubGraphs().map(({ id, title, nodes }) => ({ id, lines: linesOf(title), nodes }));
  const names = new Set(groups.map(({ id }) => id)); // the arrows of a group leave a vertex of its name
  const vertices = [...db.getVertices().values()].filter(({ id }) => !names.has(id));
  const boxes = vertices.map(({ id, text: label, classes }) => ({ id, lines: linesOf(label), classes }));
  const arrows = db.getEdges().map(({ start, end }) => [start, end]);
  return { boxes, groups, arrows };
}

/** What Mermaid shows in the end: its own codes are numbers again, and numbers are characters. */
function linesOf(label) {
  return label.split(/<br\/?>/).map((line) => {
    const holder = window.document.createElement('textarea');
    holder.innerHTML = line.replaceAll('ﬂ°°', '&#').replaceAll('ﬂ°', '&').replaceAll('¶ß', ';');
    return holder.value.replaceAll('\u2060', '');
  });
}

function readSvg(source) {
  const document = new window.DOMParser().parseFromString(source, 'image/svg+xml');
  const all = [...document.querySelectorAll('*')];
  const numbers = (element, names) => names.map((name) => Number(element.getAttribute(name)));
  return {
    elements: [...new Set(all.map(({ tagName }) => tagName))].sort(),
    attributes: [...new Set(all.flatMap((element) => element.getAttributeNames()))].sort(),
    size: numbers(document.documentElement, ['width', 'height']),
    boxes: [...document.querySelectorAll('svg svg')].map((box) => ({
      title: box.querySelector('title').textContent,
      lines: [...box.querySelectorAll('text')].map(({ textContent }) => textContent),
      place: numbers(box, ['x', 'y', 'width', 'height']),
    })),
    arrows: [...document.querySelectorAll('path')].map((path) => path.getAttribute('d')),
  };
}

const found = [];
for (const picture of JSON.parse(await text(process.stdin))) {
  try {
    found.push(picture.svg === undefined ? await readMermaid(picture.mermaid) : readSvg(picture.svg));
  } catch (error) {
    found.push({ error: String(error.message ?? error) });
  }
}
process.stdout.write(JSON.stringify(found));
