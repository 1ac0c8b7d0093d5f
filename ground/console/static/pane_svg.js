// One pane as seen from inside, in mm from its centre, x to the right and y up.

import { svg } from './dom.js';
import { clockTime } from './format.js';

const EDGE_ZONE_MM = 30;
const MARGIN_MM = 22;
const LABEL_MM = 13; // about 11 px where three panes share 1600 px
const LABELS_OUTSIDE_MM = 13;
const WIDTH = 1.12; // of the picture, in its heights
const MIN_MARK_MM = 6;
const LABEL_OFF_MM = 27;

// scene: {impacts, tasks, inspection, aeHealth, old}
export function drawPane(window, scene) {
  const r = window.radius_mm;
  const half = r + MARGIN_MM;
  const latest = scene.impacts.filter((i) => i.localised).at(-1);
  return svg(
    'svg',
    { viewBox: `${-half * WIDTH} ${-half} ${2 * half * WIDTH} ${2 * half}`, role: 'img', 'aria-label': summary(scene) },
    svg('circle', { r, class: 'pane-glass' }),
    svg('circle', { r: r - EDGE_ZONE_MM / 2, class: 'pane-edge', 'stroke-width': EDGE_ZONE_MM }),
    svg('circle', { r: r - EDGE_ZONE_MM, class: 'pane-edge-line' }),
    svg('path', { d: `M-8 0H8M0 -8V8`, class: 'pane-centre' }),
    axes(half),
    window.sensors.map((s, k) => sensor(s, k, r, scene)),
    scene.tasks.filter((t) => t.x_mm !== null).map(photoTask),
    scene.impacts.filter((i) => i.localised).map((i) => impact(i, i === latest, labelOff(i, scene))),
    latest && scene.inspection?.result === 'crack' ? crack(latest, scene.inspection) : null,
    unlocalised(scene.impacts, half),
    scene.old ? text(0, -r * 0.35, '? NO DATA', 'pane-old', 'middle') : null,
  );
}

function summary({ impacts, old }) {
  const words = impacts.length ? `${impacts.length} impact(s)` : 'no impact seen';
  return `Pane: ${words}${old ? ', no data now' : ''}`;
}

function text(x, y, words, kind, anchor = 'start', extra = {}) {
  return svg('text', { x, y, class: kind, 'text-anchor': anchor, ...extra }, words);
}

// In the free corners: which way x and y point, how long 50 mm is, and from where one looks.
function axes(half) {
  const left = -half * WIDTH + 6;
  const [top, bottom] = [-half + 6, half - 6];
  return svg(
    'g',
    { class: 'pane-axes' },
    svg('path', { d: `M${left + 4} ${top + 4}v26h26M${left} ${top + 9}l4 -5l4 5M${left + 25} ${top + 26}l5 4l-5 4` }),
    text(left + 12, top + LABEL_MM - 2, 'y'),
    text(left + 34, top + 34, 'x'),
    text(-left, top + LABEL_MM - 2, 'from inside', '', 'end'),
    svg('path', { d: `M${left} ${bottom}h50M${left} ${bottom - 4}v8M${left + 50} ${bottom - 4}v8` }),
    text(left + 25, bottom - 7, '50 mm', '', 'middle'),
  );
}

// Named outside the glass, where no impact can lie.
function sensor({ name, x_mm: x, y_mm: y }, k, radius, { aeHealth: health, old }) {
  const bad = health !== undefined && !((health >> k) & 1);
  const outside = (radius + LABELS_OUTSIDE_MM) / Math.hypot(x, y);
  return svg(
    'g',
    { class: `pane-sensor ${bad ? 'is-bad' : ''} ${old ? 'is-old' : ''}`, 'data-sensor': name },
    svg('circle', { cx: x, cy: -y, r: 5 }),
    bad ? svg('path', { d: `M${x - 5} ${-y - 5}l10 10m0 -10l-10 10` }) : null,
    text(x * outside, -y * outside + LABEL_MM / 3, bad ? `✖${name}` : name, '', 'middle'),
  );
}

// Clear of the ring of a photo task at the same place.
function labelOff(hit, { tasks }) {
  const here = tasks.filter((t) => t.x_mm === hit.x_mm && t.y_mm === hit.y_mm);
  return Math.max(LABEL_OFF_MM, ...here.map((t) => t.radius_mm + 4));
}

// The label goes towards the centre's side, where there is room.
function impact(hit, isLatest, off) {
  const [x, y] = [hit.x_mm, -hit.y_mm];
  const [a, b, angle] = hit.ellipse_mm ?? [MIN_MARK_MM, MIN_MARK_MM, 0];
  const side = x > 0 ? -1 : 1;
  const m = Math.max(a, b, MIN_MARK_MM) + 3;
  return svg(
    'g',
    { class: `pane-impact${isLatest ? ' is-latest' : ''}${hit.late ? ' is-late' : ''}`, 'data-impact': hit.time },
    svg('ellipse', { cx: x, cy: y, rx: a, ry: b, transform: `rotate(${-angle} ${x} ${y})` }),
    svg('path', { d: `M${x - m} ${y}H${x - 2}M${x + 2} ${y}H${x + m}M${x} ${y - m}V${y - 2}M${x} ${y + 2}V${y + m}` }),
    isLatest ? svg('circle', { cx: x, cy: y, r: m + 3, class: 'pane-ring' }) : null,
    isLatest
      ? text(x + side * off, y - 6, `${clockTime(hit.time)}${hit.late ? ' LATE' : ''}`, '', side < 0 ? 'end' : 'start')
      : null,
  );
}

function photoTask(task) {
  const [x, y] = [task.x_mm, -task.y_mm];
  const radius = Math.max(task.radius_mm ?? 0, 2.5 * MIN_MARK_MM);
  const side = x > 0 ? -1 : 1;
  return svg(
    'g',
    { class: 'pane-task' },
    svg('circle', { cx: x, cy: y, r: radius }),
    text(x + side * (radius + 3), y + LABEL_MM + 2, '◎ photograph', '', side < 0 ? 'end' : 'start'),
  );
}

function crack(hit, seen) {
  const [x, y] = [hit.x_mm, -hit.y_mm];
  const l = Math.max(seen.length_mm, 8) / 2;
  const side = x > 0 ? -1 : 1;
  return svg(
    'g',
    { class: 'pane-crack' },
    svg('path', { d: `M${x - l} ${y - l * 0.4}l${l * 0.6} ${l * 0.7}l${l * 0.7} ${-l * 0.5}l${l * 0.7} ${l * 0.8}` }),
    text(x + side * LABEL_OFF_MM, y + 2 * LABEL_MM, `■ crack ${seen.length_mm} mm`, '', side < 0 ? 'end' : 'start'),
  );
}

function unlocalised(impacts, half) {
  const count = impacts.filter((i) => !i.localised).length;
  return count ? text(half * 1.14, half - 4, `${count} without place`, 'pane-nowhere', 'end') : null;
}
