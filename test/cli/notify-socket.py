# Plays the service manager for one test: binds the datagram socket of its argument, and prints each message as a line.
import os, socket, sys

manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
print("BOUND", flush=True)
while True:
    message, descriptors, _, _ = socket.recv_fds(manager, 4096, 4)
    # systemd-notify waits until the descriptor of its BARRIER is closed
    for descriptor in descriptors:
        os.close(descriptor)
    print(message.decode().replace("\n", " "), flush=True)
