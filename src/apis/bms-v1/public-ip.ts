/**
 * The public address that a create may ask for. There are none to give here, but what is wrong with a wish is said in
 * the documented order and codes (otc0106040941, BMS.0071 to BMS.0079), and a good one is refused as one too many:
 * a server without the address that was asked for would be found out much later.
 */
import type { Static } from 'typebox';
import { invalid } from '../../core/errors.ts';
import type { CreateBody } from './wire.ts';

type Wanted = Static<typeof CreateBody>['server'];
type Eip = NonNullable<NonNullable<Wanted['publicip']>['eip']>;

/** Mbit/s of a bandwidth of one's own. */
const sizes = { least: 5, most: 2_000 };

export function checkPublicIp({ publicip, count = 1 }: Wanted): void {
  const { id, eip } = publicip ?? {};
  if (!id && !eip) return;
  if (id && eip)
    refuse('BMS.0071', "Using an existing EIP and creating a new EIP can't be used at the same time.");
  if (id && count > 1)
    refuse('BMS.0072', 'An existing EIP cannot be assigned to the ECSs created in batches.');
  if (eip) checkEip(eip);
  else refuse('BMS.0019', `publicIp parameter is illegal, reason: the EIP ${id} does not exist.`);
  const message = `The number[${count}] of EIPs has reached the maximum[0] allowed. Apply for a higher quota and try again.`;
  refuse('BMS.0017', message);
}

function checkEip({ bandwidth, extendparam }: Eip): void {
  if (!bandwidth) return refuse('BMS.0073', 'Bandwidth info in EIP is null.');
  const { chargingMode } = extendparam ?? {};
  if (!chargingMode) return refuse('BMS.0074', 'Parameter extendparam or chargingMode is null.');
  if (bandwidth.sharetype === 'WHOLE') {
    if (!bandwidth.id)
      refuse('BMS.0079', 'Specifies the bandwidth of the shared type and the id cannot be empty.');
    if (chargingMode !== 'postPaid')
      refuse('BMS.0076', 'Parameter chargingMode only supports postPaid when shared type is whole.');
    return;
  }
  const size = Number(bandwidth.size);
  if (size >= sizes.least && size <= sizes.most) return;
  refuse('BMS.0077', `PublicIp parameter is illegal, reason: the size ${bandwidth.size} is not allowed.`);
}

function refuse(code: string, message: string): never {
  throw invalid(message, 'publicip', code);
}
