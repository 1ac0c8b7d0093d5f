// Staleness of every value: its unit is silent, or we do not hear the ground.

import { isTelemetry, parse } from './names.js';

export function stalenessProvider({ live, clock }) {
  const answer = (unit) => ({ isStale: live.isStale(unit), utc: clock.currentValue() });
  return {
    supportsStaleness: isTelemetry,
    isStale: async (object) => answer(parse(object.identifier.key).unit),
    subscribeToStaleness(object, callback) {
      const { unit } = parse(object.identifier.key);
      const tell = () => callback(answer(unit));
      const ends = [
        live.on('stale', (message) => message.unit === unit && tell()),
        live.on('connection', tell),
      ];
      return () => ends.forEach((end) => end());
    },
  };
}
