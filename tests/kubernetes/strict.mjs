// Kubernetes drops a field that it does not know, and kubernetes-models lets it pass. But its
// validators read every field that they know: what they never read is misspelt.

/** Runs `validate` on `value`; returns the paths of fields that it did not look at. */
export function fieldsNeverRead(value, validate) {
  const read = new Map();
  validate(watched(value, read));
  return unread(value, read, '');
}

function watched(value, read) {
  if (value === null || typeof value !== 'object') return value;
  if (!read.has(value)) read.set(value, new Set());
  return new Proxy(value, {
    get(object, key) {
      read.get(object).add(key);
      return watched(object[key], read);
    },
    // Whoever lists the keys takes any: a map, like labels.
    ownKeys(object) {
      Object.keys(object).forEach((key) => read.get(object).add(key));
      return Reflect.ownKeys(object);
    },
  });
}

function unread(value, read, path) {
  if (value === null || typeof value !== 'object' || !read.has(value)) return [];
  return Object.entries(value).flatMap(([key, field]) =>
    Array.isArray(value) || read.get(value).has(key)
      ? unread(field, read, `${path}/${key}`)
      : [`${path}/${key}`]);
}
