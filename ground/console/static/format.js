// Numbers and times as operators read them. All times are UTC.

// Of a unit whose packets come from a recording.
export const REPLAYED = '▷ replayed';

export function clockTime(time) {
  const date = typeof time === 'number' ? new Date(time) : new Date(Date.parse(time));
  return Number.isNaN(date.getTime()) ? '–' : date.toISOString().slice(11, 19);
}

export function dateTime(time) {
  const date = typeof time === 'number' ? new Date(time) : new Date(Date.parse(time));
  return Number.isNaN(date.getTime()) ? '–' : date.toISOString().slice(0, 19).replace('T', ' ');
}

// The time alone for what happened today.
export function moment(time) {
  const date = dateTime(time);
  return date.slice(0, 10) === new Date().toISOString().slice(0, 10) ? clockTime(time) : date;
}

// 75 -> '1 min 15 s'; two parts are enough for a decision.
export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

export function kilopascal(pa) {
  return pa === undefined || pa === null ? '–' : `${(pa / 1000).toFixed(2)} kPa`;
}

export function celsius(t) {
  return t === undefined || t === null ? '–' : `${t.toFixed(1)} °C`.replace('-', '−');
}

export function millimetres(value) {
  return value === null ? '?' : value.toFixed(1).replace('-', '−');
}

// A range whose upper end is open when the channels clipped.
export function size([low, high]) {
  const mm = (value) => Number(value.toPrecision(2));
  if (high === null && !low) return 'size not measured';
  return high === null ? `≥ ${mm(low)} mm (clipped)` : `${mm(low)} to ${mm(high)} mm`;
}
