// A modal form. ask(title, fields) gives {key: text}, or what `act` makes of it; null when cancelled.
// A refused act is told and the form stays as it was filled in; tell(message) tells a failure.
// A field: {key, label, value, required, type, options: [[value, words]], step, min, hidden(form)}

import { el } from './dom.js';

function control(field) {
  const shared = { name: field.key, required: field.required, 'aria-label': field.label };
  if (field.options) {
    return el(
      'select',
      shared,
      field.options.map(([value, words]) => el('option', { value, selected: value === field.value }, words)),
    );
  }
  if (field.type === 'textarea') return el('textarea', { ...shared, rows: 2 }, field.value ?? '');
  const { type = 'text', value = '', step, min } = field;
  return el('input', { ...shared, type, value, step, min, maxlength: type === 'text' ? 80 : null });
}

export function ask(title, fields, submit = 'Save', act = (given) => given) {
  return new Promise((resolve) => {
    const rows = fields.map((f) => el('label', {}, el('span', {}, f.label), control(f)));
    let result = null;
    const cancel = el('button', { type: 'button', class: 'pw-button' }, 'Cancel');
    const done = el('button', { class: 'pw-button pw-primary' }, submit);
    const form = el('form', {}, el('h2', {}, title), rows, el('div', { class: 'pw-dialog-buttons' }, cancel, done));
    const dialog = el('dialog', { class: 'pw-dialog', 'aria-label': title }, form);
    const read = () => Object.fromEntries(new FormData(form));
    const showNeeded = () =>
      fields.forEach((f, i) => {
        const unneeded = f.hidden?.(read()) ?? false;
        rows[i].hidden = unneeded;
        rows[i].querySelector('[name]').disabled = false;
        rows[i].querySelector('[name]').required = Boolean(f.required) && !unneeded;
      });
    form.addEventListener('change', showNeeded);
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      done.disabled = true; // not twice
      result = await attempt(() => act(read()));
      done.disabled = false;
      if (result) dialog.close();
    });
    cancel.addEventListener('click', () => dialog.close());
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(result);
    });
    document.body.append(dialog);
    showNeeded();
    dialog.showModal();
  });
}

export function tell(message) {
  if ([...document.querySelectorAll('.pw-told')].some((told) => told.textContent === message)) return;
  const close = el('button', { class: 'pw-button pw-primary' }, 'Close');
  const dialog = el('dialog', { class: 'pw-dialog', role: 'alertdialog' }, el('p', { class: 'pw-told' }, message), close);
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

// Run an action; what goes wrong is told, never swallowed.
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    tell(error.message);
    return null;
  }
}
