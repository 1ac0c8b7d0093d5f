// The form for what a person saw on a pane: the only thing that returns a vehicle to GREEN.

import { api } from './api.js';
import { ask, attempt } from './dialog.js';

export async function inspect(vehicle, { operator }) {
  const clear = (form) => form.result === 'clear';
  const given = await ask(
    `Inspection of ${vehicle.name}`,
    [
      { key: 'unit', label: 'Window', options: vehicle.windows.map((w) => [w.id, w.id]) },
      { key: 'pane', label: 'Pane', options: [['outer', 'outer'], ['middle', 'middle'], ['inner', 'inner']] },
      { key: 'result', label: 'Seen', options: [['crack', 'a crack'], ['clear', 'clear: no damage']] },
      { key: 'length_mm', label: 'Length of the crack, mm', type: 'number', min: 0.1, step: 0.1, required: true, hidden: clear },
      {
        key: 'through',
        label: 'Through the pane?',
        options: [['yes', 'yes, or not known'], ['no', 'no, shown not to be through']],
        hidden: clear,
      },
      { key: 'note', label: 'Note', type: 'textarea' },
    ],
    'Record inspection',
  );
  if (!given) return;
  const crack = given.result === 'crack';
  await attempt(async () =>
    api.post('inspections', {
      author: await operator.require(),
      vehicle: vehicle.id,
      unit: given.unit,
      pane: given.pane,
      result: given.result,
      length_mm: crack ? Number(given.length_mm) : 0,
      through: crack && given.through === 'yes',
      note: given.note,
    }),
  );
}
