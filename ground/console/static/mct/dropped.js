// Says on a plot which part of its times retention has dropped: an empty plot would be silence.

import { moment } from '../format.js';
import { parse } from './names.js';

const told = new Map(); // of each curve, by its name in the legend: the words

// After each request of a history: what of its times was dropped ({from, to}); [] takes the words back.
export function noteDropped(key, dropped) {
  const { unit, parameter } = parse(key);
  const name = `${unit} ${parameter}`;
  const before = told.get(name) ?? '';
  const words = dropped.map(({ from, to }) => `${moment(from)} to ${moment(to)}`).join(', ');
  if (words) told.set(name, words);
  else told.delete(name);
  if (words !== before) show();
}

// Plots come and go with Open MCT's views, and are drawn after their request.
export function watchPlots(root) {
  new MutationObserver(show).observe(root, { childList: true, subtree: true });
}

function show() {
  for (const plot of document.querySelectorAll('#openmct-app .gl-plot')) {
    const curves = [...plot.querySelectorAll('.plot-series-name')].map((e) => e.textContent.trim());
    const words = [...new Set([...told].filter(([name]) => curves.some((c) => c.startsWith(name))).map(([, w]) => w))];
    const area = plot.querySelector('.gl-plot-display-area') ?? plot;
    const note = words.length ? `Dropped by retention: ${words.join('; ')}` : '';
    if ((area.dataset.dropped ?? '') === note) continue;
    if (note) area.dataset.dropped = note;
    else delete area.dataset.dropped;
  }
}
