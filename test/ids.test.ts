import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArrayText, arrayText, idsIn } from '../src/ids.ts';
import { Neighbours } from '../src/postgres/heap.ts';

const uuids = fc.array(fc.uuid(), { minLength: 1, maxLength: 20 });
const from = fc.nat(25);

test('the text of an array holds what the array holds, and so does each part of it', () => {
  fc.assert(
    fc.property(uuids, from, from, (ids, start, length) => {
      const text = new ArrayText(arrayText(ids));
      expect([...text]).toEqual(ids);
      expect(text.length).toBe(ids.length);
      expect(arrayText(text)).toBe(text.text);
      fc.pre(start < ids.length);
      const part = text.slice(start, start + length);
      expect([...part]).toEqual(ids.slice(start, start + length));
      expect(part.length).toBe(ids.slice(start, start + length).length);
    }),
  );
});

test('neighbours keep their places in every part', () => {
  const place = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 291 })).map(([block, item]) => `(${block},${item})`);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.uuid(), place), { minLength: 1, maxLength: 20 }),
      from,
      from,
      (users, at, more) => {
        fc.pre(at < users.length && more > 0);
        const places = (some: typeof users) => `{${some.map(([, where]) => `"${where}"`).join()}}`;
        const all = new Neighbours(arrayText(users.map(([id]) => id)), places(users));
        const part = users.slice(at, at + more);
        expect([...all.slice(at, at + more)]).toEqual(part.map(([id]) => id));
        expect(all.slice(at, at + more).places).toBe(places(part));
      },
    ),
  );
});

test('nobody is an empty array, and a key that is NULL is somebody', () => {
  expect([...new ArrayText('{}')]).toEqual([]);
  expect(new ArrayText('{}').length).toBe(0);
  expect(idsIn('{NULL}')).toEqual(['NULL']);
});
