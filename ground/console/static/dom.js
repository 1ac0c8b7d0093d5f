// Elements without innerHTML: names, notes and words of others can never become markup.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

// Redraw at most once a frame, however many events come.
export function painter(draw) {
  let asked = false;
  let ended = false;
  const paint = () => {
    if (asked || ended) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      if (!ended) draw();
    });
  };
  paint.end = () => (ended = true);
  return paint;
}

// Replace a node's children only where they differ: a button must not vanish between press and release.
export function swap(node, ...children) {
  const fresh = fill(node.cloneNode(false), {}, children);
  if (fresh.innerHTML !== node.innerHTML) node.replaceChildren(...fresh.childNodes);
}
