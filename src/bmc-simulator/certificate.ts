/** A self-signed certificate for test BMCs, made by openssl: Node can read X.509 but not write it. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SelfSigned {
  key: string;
  cert: string;
  /** Hex, lower case. */
  sha256: string;
}

export function makeCertificate(commonName = 'bmc.invalid'): SelfSigned {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-certificate-'));
  try {
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
    const subject = ['-days', '1', '-subj', `/CN=${commonName}`, '-out', certFile];
    execFileSync('openssl', ['req', '-x509', ...key, ...subject], { stdio: 'ignore' });
    const cert = readFileSync(certFile, 'utf8');
    const sha256 = new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase();
    return { key: readFileSync(keyFile, 'utf8'), cert, sha256 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
