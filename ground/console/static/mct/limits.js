// The limits in force: which level a value violates, and the lines in plots.

import { isTelemetry, parse } from './names.js';

const LEVELS = ['severe', 'critical', 'distress', 'warning', 'watch']; // highest first
const CLASS = { severe: 'red', critical: 'red', distress: 'orange', warning: 'yellow', watch: 'cyan' };
const LINE = { severe: 'purple', critical: 'red', distress: 'orange', warning: 'yellow', watch: 'cyan' };

export function limitProvider({ live }) {
  const limitsOf = (object) => {
    const { vehicle, parameter } = parse(object.identifier.key);
    return live.topics.limits?.within[vehicle]?.[parameter];
  };
  return {
    supportsLimits: (object) => isTelemetry(object) && Boolean(limitsOf(object)),
    getLimitEvaluator: (object) => ({ evaluate: (datum) => evaluate(limitsOf(object), datum.value) }),
    getLimits: (object) => ({ limits: async () => lines(limitsOf(object)) }),
  };
}

function evaluate({ low, high }, value) {
  for (const level of LEVELS) {
    const [min, max] = [low[level] ?? -Infinity, high[level] ?? Infinity];
    if (value < min || value > max) {
      const side = value > max ? 'upr' : 'lwr';
      return { cssClass: `is-limit--${side} is-limit--${CLASS[level]}`, low: min, high: max, name: level };
    }
  }
  return undefined;
}

// A level with one side has `false` for the other: views read both.
function lines({ low, high }) {
  const levels = LEVELS.filter((level) => level in low || level in high);
  const side = (limits, level) => level in limits && { color: LINE[level], value: limits[level] };
  return Object.fromEntries(
    levels.map((level) => [level.toUpperCase(), { low: side(low, level), high: side(high, level) }]),
  );
}
