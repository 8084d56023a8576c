/** The published rules on what CreateInstance and ReinstallOs are given. */
import { isIPv4 } from 'node:net';
import { invalid } from '../../core/errors.ts';

/** A host name: 1–63 of letters, digits, `_`, `-`, `.`; the Chinese page also allows CJK. */
export function checkName(name: string): void {
  if (/^[\p{Script=Han}A-Za-z0-9_.-]+$/u.test(name) && Array.from(name).length <= 63) return;
  throw invalid('name: 1 to 63 letters, digits, underscores, hyphens and periods are allowed.', 'name');
}

/** root on Linux, Administrator on Windows. */
const userNames = ['root', 'administrator'];
const kindsOfCharacters = [/[A-Z]/, /[a-z]/, /[0-9]/, /[!@$%^\-_=+[{}\]:,./?]/];

/** 8–26 characters of at least three kinds, without the user's name forwards or backwards. */
export function checkPassword(password: string): void {
  const kinds = kindsOfCharacters.filter((kind) => kind.test(password)).length;
  const lower = password.toLowerCase();
  const namesUser = userNames.some(
    (name) => lower.includes(name) || lower.includes(Array.from(name).reverse().join('')),
  );
  if (password.length >= 8 && password.length <= 26 && kinds >= 3 && !namesUser) return;
  throw invalid(
    'password: 8 to 26 characters with at least three of upper case, lower case, digits and special characters, without the user name.',
    'password',
  );
}

const mostPairs = 10;
const longestText = 255;

export function checkMetadata(metadata: Record<string, string>): void {
  const pairs = Object.entries(metadata);
  const isLegal = ([key, value]: [string, string]) =>
    /^[A-Za-z0-9_: .-]{1,255}$/.test(key) && value.length <= longestText;
  if (pairs.length <= mostPairs && pairs.every(isLegal)) return;
  throw invalid(
    `metadata: at most ${mostPairs} pairs; keys of 1 to 255 letters, digits, hyphens, underscores, colons, spaces and periods; values of at most 255 characters.`,
    'metadata',
  );
}

export function checkAddress(address: string): void {
  if (!isIPv4(address)) throw invalid(`ipv4_address: ${address} is not an address.`, 'ipv4_address');
}
