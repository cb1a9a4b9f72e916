/** This machine, as `doctor` and `devices` look at it: ports, programs, listeners, accounts. Reads only. */
export { groupId, groupName, isListedMember, userName } from './accounts.js'
export { readText, systemHost, type Host, type Identity } from './host.js'
export { listSerialPorts, type PortList } from './list-serial-ports.js'
export { holdersOf, processes, processName, processText, processUser, type ProcessName } from './processes.js'
export { describePort, isNumberedName, type PortNode, type SerialPortFacts } from './serial-port.js'
export { stateOwner } from './state-owner.js'
export { listenersOn, type TcpListener } from './tcp-listeners.js'
export { unixListenerOn, type UnixListener } from './unix-listeners.js'
