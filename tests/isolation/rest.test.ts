/** What all other APIs answer to strangers, readers, members and administrators. */
import { holdToMatrix } from './matrix.ts';

holdToMatrix((api) => !['bms-v1', 'nova-v2.1', 'clouddc'].includes(api));
