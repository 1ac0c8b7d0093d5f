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

// Set a node's words where they differ: what is read aloud is not touched for nothing.
export function say(node, words) {
  if (node.textContent !== words) node.textContent = words;
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

// Make a node's children say what fresh ones do and keep those that are there: what someone marks, scrolls to
// or hovers over stays. Only where nothing has a listener: the old ones would stay too.
export function refresh(node, ...children) {
  become(node, fill(node.cloneNode(false), {}, children));
}

function become(node, fresh) {
  const [old, made] = [[...node.childNodes], [...fresh.childNodes]];
  made.forEach((child, k) => {
    const was = old[k];
    if (was === undefined) node.append(child);
    else if (was.isEqualNode(child)) return;
    else if (was.nodeName !== child.nodeName) was.replaceWith(child);
    else if (was.nodeType === Node.TEXT_NODE) was.data = child.data;
    else {
      was.getAttributeNames().filter((name) => !child.hasAttribute(name)).forEach((name) => was.removeAttribute(name));
      child.getAttributeNames().forEach((name) => was.setAttribute(name, child.getAttribute(name)));
      become(was, child);
    }
  });
  old.slice(made.length).forEach((child) => child.remove());
}
