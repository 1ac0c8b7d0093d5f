// The form for what a person saw on a pane: the only thing that returns a vehicle to GREEN.

import { api } from './api.js';
import { ask, attempt } from './dialog.js';

// Who acts is known before the form opens, so that nothing stands between its entries and the journal.
export const inspect = (vehicle, { operator }) =>
  attempt(async () => {
    const author = await operator.require();
    await ask(`Inspection of ${vehicle.name}`, fields(vehicle), 'Record inspection', (given) =>
      api.post('inspections', { author, vehicle: vehicle.id, ...seen(given) }),
    );
  });

function fields(vehicle) {
  const clear = (form) => form.result !== 'crack';
  const choose = ['', 'choose …'];
  return [
    { key: 'unit', label: 'Window', options: vehicle.windows.map((w) => [w.id, w.id]) },
    { key: 'pane', label: 'Pane', required: true, options: [choose, ['outer', 'outer'], ['middle', 'middle'], ['inner', 'inner']] },
    { key: 'result', label: 'Seen', required: true, options: [choose, ['crack', 'a crack'], ['clear', 'clear: no damage']] },
    { key: 'length_mm', label: 'Length of the crack, mm', type: 'number', min: 0.1, step: 0.1, required: true, hidden: clear },
    {
      key: 'through',
      label: 'Through the pane?',
      options: [['yes', 'yes, or not known'], ['no', 'no, shown not to be through']],
      hidden: clear,
    },
    { key: 'note', label: 'Note', type: 'textarea' },
  ];
}

function seen({ unit, pane, result, length_mm: length, through, note }) {
  const crack = result === 'crack';
  return { unit, pane, result, length_mm: crack ? Number(length) : 0, through: crack && through === 'yes', note };
}
