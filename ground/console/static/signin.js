// Name and password for a session; its secret is in a cookie that no script can read.

const form = document.getElementById('form');
const refusal = document.getElementById('refusal');
const submit = document.getElementById('submit');

// Back to where one came from, on this station only.
function next() {
  const to = new URL(new URL(location.href).searchParams.get('to') ?? '/', location.origin);
  return to.origin === location.origin && to.pathname !== '/signin' ? to.href : '/';
}

async function signIn({ user, password }) {
  const answer = await fetch('/api/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ user: user.trim(), password }),
  });
  if (answer.ok) location.replace(next());
  else throw new Error((await answer.json()).error);
}

// Where everyone on the computer may look, one need not sign in.
fetch('/api/session')
  .then((answer) => answer.json())
  .then((session) => {
    const back = document.getElementById('back');
    back.href = next();
    back.hidden = !session.open_reading;
  })
  .catch(() => {});

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(form));
  submit.disabled = true;
  refusal.textContent = '';
  try {
    await signIn(given);
  } catch (error) {
    refusal.textContent = error.message;
    const field = form.elements.password;
    if (field.value === given.password) { // else the next one is being typed in already
      field.value = '';
      field.focus();
    }
  }
  submit.disabled = false;
});
