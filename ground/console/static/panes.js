// The pane view: one card a window, with its picture and the facts of the first minute.

import { api } from './api.js';
import { el, painter, refresh, swap } from './dom.js';
import { REPLAYED, celsius, clockTime, kilopascal, millimetres, size } from './format.js';
import { drawPane } from './pane_svg.js';

const ACOUSTIC = 6;
const SLOW = ['p_gap1', 'p_gap2', 'p_cabin', 't_outer', 't_middle', 't_inner'];
const GAPS = ['gap1', 'gap2'];
const VOLUMES = { gap2: 'Gap 2', cabin: 'Cabin', gap1: 'Gap 1' };
const TOPICS = ['impacts', 'counts', 'leaks', 'units', 'status', 'data', 'stale', 'connection'];

// `only` is one 'vehicle/window', or undefined for all.
export function mountPanes(root, ground, only) {
  const { live, fleet } = ground;
  root.classList.add('pw-panes');
  const cards = fleet.flatMap((vehicle) =>
    vehicle.windows
      .filter((window) => !only || only === `${vehicle.id}/${window.id}`)
      .map((window) => new Card(ground, vehicle, window)),
  );
  root.append(...cards.map((card) => card.node));
  let inspections = [];
  const paint = painter(() => cards.forEach((card) => card.draw(inspections)));
  const ends = live.onAny(TOPICS, paint);
  const endStatus = live.on('status', async () => {
    inspections = await api.get('inspections').catch(() => inspections);
    paint();
  });
  return () => {
    paint.end();
    ends();
    endStatus();
  };
}

class Card {
  constructor(ground, vehicle, window) {
    this.live = ground.live;
    this.replay = ground.replay;
    this.vehicle = vehicle;
    this.window = window;
    this.key = `${vehicle.id}/${window.id}`;
    this.head = el('header');
    this.picture = el('div', { class: 'pw-picture' });
    this.facts = el('dl');
    const body = el('div', { class: 'pw-pane-body' }, this.picture, this.facts);
    this.node = el('section', { class: 'pw-pane', 'data-window': this.key }, this.head, body);
  }

  draw(inspections) {
    const mine = (e) => e.vehicle === this.vehicle.id && (e.window ?? e.unit) === this.window.id;
    const impacts = this.live.topic('impacts').filter(mine);
    const status = this.live.topic('status').find((v) => v.id === this.vehicle.id);
    const scene = {
      impacts,
      tasks: (status?.tasks ?? []).filter((t) => t.unit === this.window.id),
      inspection: inspections.filter(mine).at(-1),
      aeHealth: this.live.values.get(this.key)?.values.ae_health,
      old: this.live.isStale(this.key),
    };
    this.node.classList.toggle('is-stale', scene.old);
    refresh(this.head, this.#title(scene));
    swap(this.picture, drawPane(this.window, scene));
    refresh(this.facts, this.#rows(scene, this.live.topic('leaks').filter(mine)));
  }

  #title({ old }) {
    const unit = this.live.unit(this.key);
    const since = unit?.last_onboard ? ` since ${clockTime(unit.last_onboard)}` : '';
    const gone = this.#isNever() ? '○ NEVER HEARD: NO DATA' : `✖ NO DATA${since}`;
    return [
      el('h3', {}, this.vehicle.name, ' ', el('small', {}, this.key)),
      el('span', { class: old ? 'pw-old' : 'pw-faint' }, old ? gone : this.replay ? REPLAYED : '● live'),
    ];
  }

  #isNever() {
    return this.live.connected && this.live.unit(this.key)?.state === 'never';
  }

  #leak(leaks, volume, values, old) {
    if (this.window.vented[GAPS.indexOf(volume)]) return 'vented: shows no leak';
    const active = leaks.filter((k) => k.volume === volume && k.active).at(-1);
    return active ? el('b', { class: 'pw-leak' }, `▼ LEAKING ${active.words}`) : noLeakWords(`p_${volume}`, values, old);
  }

  #rows({ impacts, inspection, old }, leaks) {
    if (this.#isNever() && !impacts.length && !inspection) {
      return row('State', unknown('all', ': no packet has come from this unit'));
    }
    const v = this.live.values.get(this.key)?.values ?? {};
    const mark = old ? ' (old)' : '';
    return [
      row('Impact', impactWords(impacts, this.window, this.live.counts.impacts[this.key] ?? 0), impacts.length ? 'is-event' : '', old ? unknown('new hits') : null),
      ...['gap2', 'cabin', 'gap1'].map((volume) =>
        row(VOLUMES[volume], kilopascal(v[`p_${volume}`]) + mark, '', this.#leak(leaks, volume, v, old)),
      ),
      row('Panes', `${celsius(v.t_outer)} outer · ${celsius(v.t_inner)} inner${mark}`),
      row('Sensors', healthWords(v) + mark, ''),
      inspection ? row('Seen', inspectionWords(inspection), inspection.result === 'crack' ? 'is-bad' : '') : null,
    ];
  }
}

function row(name, words, kind = '', extra = null) {
  return [el('dt', {}, name), el('dd', { class: kind }, words, extra ? [' ', extra] : null)];
}

function impactWords(impacts, window, counted) {
  const last = impacts.at(-1);
  if (!last) return 'none seen';
  const where = last.localised
    ? `x ${millimetres(last.x_mm)}, y ${millimetres(last.y_mm)} mm · ${millimetres(window.radius_mm - Math.hypot(last.x_mm, last.y_mm))} mm from edge`
    : `place unknown (${last.reason || 'not localised'})`;
  const all = Math.max(impacts.length, counted); // the list may hold the gravest and the newest only
  const more = all > 1 ? ` · ${all} in all` : '';
  return `${clockTime(last.time)}${last.late ? ' LATE' : ''} ${last.pane} · ${where} · ${size(last.diameter_mm)}${more}`;
}

// "No leak seen" is only for a good sensor that is heard now.
function noLeakWords(sensor, values, old) {
  const good = (values.sensor_health >> SLOW.indexOf(sensor)) & 1;
  if (!old && values[sensor] !== undefined && good) return 'no leak seen';
  const why = old || values[sensor] === undefined ? '' : ': sensor bad';
  return unknown('leak', why);
}

function unknown(what, why = '') {
  return el('b', { class: 'pw-old' }, `${what} unknown${why}`);
}

function healthWords(values) {
  const count = (mask, of) => Array.from({ length: of }, (_, k) => (mask >> k) & 1).filter(Boolean).length;
  if (values.ae_health === undefined) return '–';
  const slow = SLOW.filter((_, k) => !((values.sensor_health >> k) & 1));
  const acoustic = count(values.ae_health, ACOUSTIC);
  const low = acoustic < 4 ? ' TOO FEW to localise' : '';
  return `${acoustic} of ${ACOUSTIC} acoustic${low} · ${slow.length ? `BAD: ${slow.join(', ')}` : 'p and T good'}`;
}

function inspectionWords(seen) {
  const what = seen.result === 'crack' ? `CRACK ${seen.length_mm} mm${seen.through ? '' : ' not'} through` : 'clear';
  return `${what}, ${seen.pane} · ${seen.author}, ${clockTime(seen.time)}`;
}
