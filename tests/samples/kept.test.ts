/** The files of the samples themselves. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { listFiles, readSource } from '../house/source-files.ts';
import { differences, thin } from '../support/shape.ts';
import { readSamples, sampledRoutes } from './samples.ts';

const files = listFiles('tests/samples').filter((path) => path.endsWith('.json'));

it('every route has a sample, and every sample a route', () => {
  const wanted = sampledRoutes().map(({ file }) => file.slice(file.indexOf('tests/samples')));
  expect(files.toSorted()).toEqual(wanted.toSorted());
});

/** Clients ask for it all the same, and know this answer from Nova's driver for Ironic. */
const withoutGoodAnswer = ['hypervisor-uptime'];

it('samples are good answers: refusals are in docs/errors.md', () => {
  const bad = sampledRoutes().filter(
    ({ route, file }) =>
      !withoutGoodAnswer.includes(route.id) &&
      readSamples(file).some(({ answer }) => answer === null || answer.status >= 400),
  );
  expect(bad.map(({ route }) => route.id)).toEqual([]);
});

it('samples hold no secrets', () => {
  // Tokens, secret keys and passwords of ours have 20 signs or more of this alphabet, in which no word is so long.
  const secret = /(?<![\w<-])(?=[\w-]*\d)(?=[\w-]*[A-Z])[A-Za-z0-9_-]{20,}(?![\w>-])/;
  const publicKey = /ssh-(rsa|ed25519) [\w+/=]+/g;
  const userData = /"user_data": "[\w=]+"/g;
  const given = files.filter((path) => {
    const text = readSource(path)
      .replaceAll(publicKey, '')
      .replaceAll(userData, '')
      .replaceAll(/OS-[\w:-]+/g, '');
    return secret.test(text) || text.includes('PRIVATE KEY');
  });
  expect(given).toEqual([]);
});

it('a difference of shape is told by its place', () => {
  const sample = { a: 1, list: [{ b: 'x' }, { b: null }], none: [] };
  expect(differences(sample, { a: 2, list: [{ b: null }], none: [] })).toEqual([]);
  expect(differences(sample, { a: '2', list: [{ b: 1 }], none: [1], more: 1 })).toEqual([
    'answer.a is string, in the sample number',
    'answer.list[0].b is number, in the sample string',
    'answer.none has 1 entries, in the sample 0',
    'answer.more is not in the sample',
  ]);
});

it('a list is thinned to a few entries, those of every shape among them', () => {
  expect(thin([{ a: 1 }, { a: 2 }, { a: 3 }, { a: null }])).toEqual([{ a: 1 }, { a: 2 }, { a: null }]);
});

it('the package has the samples, for /openapi.json', () => {
  const { files: packed } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(packed).toContain('tests/samples/*/*.json');
});
