#!/usr/bin/env python3
"""A client of the Tezio HSM, written from docs/protocol.md alone.

    client.py PORT

Opens the port at 57600 baud (python3-serial), reads every key in every form, signs and verifies with each, and is
refused as documented. Prints one line for each step; exit code 0 when all of it was as documented, 1 otherwise.
It signs an operation, and an attestation whose level is taken from the time, so that it can run again before the next
restart: use it on a simulator, or on a board that bakes nothing.
"""

import hashlib
import struct
import sys
import time

import serial

GET_PK, SIGN, VERIFY = 0x11, 0x21, 0x22
RAW, COMPRESSED, BASE58, ADDRESS = 1, 2, 3, 4
DIGEST_RAW, DIGEST_TEXT, MESSAGE_RAW, MESSAGE_TEXT = 1, 2, 3, 4
POLICY_REFUSED, CHECKSUM_WRONG, WATERMARK_REFUSED, OPCODE_UNKNOWN = 0xB8, 0xA7, 0xD4, 0xA2
KEYS = {0: ("p2pk", "tz3"), 1: ("edpk", "tz1"), 2: ("sppk", "tz2"), 3: ("p2pk", "tz3")}
# The longest command takes a real board less than a second; a simulated one may be slower.
TIMEOUT_S = 5


def crc16(data):
    """Polynomial 0x8005, initial value 0, most significant bit first, nothing reflected."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x8005 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def command(opcode, alias, mode, param3=None, data=b""):
    """One command: prefix, length of all that follows it, body, checksum."""
    body = bytes([opcode, alias, mode])
    if param3 is not None:
        body += struct.pack("<H", param3) + data
    counted = struct.pack("<H", len(body) + 4) + body
    return b"\x03" + counted + struct.pack("<H", crc16(counted))


class Tezio:
    """A device on an open port; one command at a time."""

    def __init__(self, path):
        self.port = serial.Serial(path, 57600, timeout=TIMEOUT_S)

    def exchange(self, frame):
        """Writes a command in one piece and reads the body of its reply."""
        self.port.write(frame)
        length = self.port.read(2)
        expect(len(length) == 2, "no answer")
        (size,) = struct.unpack("<H", length)
        expect(5 <= size <= 103, f"a reply of {size} bytes")
        rest = self.port.read(size - 2)
        expect(len(rest) == size - 2, "half an answer")
        expect(crc16(length + rest[:-2]) == struct.unpack("<H", rest[-2:])[0], "checksum of the reply")
        return rest[:-2]

    def public_key(self, alias, form):
        return self.exchange(command(GET_PK, alias, form))

    def sign(self, alias, mode, data):
        return self.exchange(command(SIGN, alias, mode, 0, data))

    def verify(self, alias, mode, message, signature):
        return self.exchange(command(VERIFY, alias, mode, len(message), message + signature))


def base58check_payload(text, prefix_size):
    """The bytes in a base58check text, without prefix and checksum, which is checked."""
    number = 0
    for letter in text:
        number = number * 58 + "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".index(letter)
    whole = number.to_bytes((number.bit_length() + 7) // 8, "big")
    whole = b"\x00" * (len(text) - len(text.lstrip("1"))) + whole
    checksum = hashlib.sha256(hashlib.sha256(whole[:-4]).digest()).digest()[:4]
    expect(checksum == whole[-4:], f"base58check of {text[:4]}...")
    return whole[prefix_size:-4]


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def expect_refusal(reply, status, what):
    expect(reply == bytes([status]), f"{what}: expected the refusal 0x{status:02X}, got {reply.hex()}")
    print(f"refused  {what}: 0x{status:02X}")


def read_keys(device):
    for alias, (key_letters, address_letters) in KEYS.items():
        raw = device.public_key(alias, RAW)
        compressed = device.public_key(alias, COMPRESSED)
        text = device.public_key(alias, BASE58).decode("ascii")
        address = device.public_key(alias, ADDRESS).decode("ascii")
        if alias == 1:
            expect(raw == compressed and len(raw) == 32, "an Ed25519 key has one form of 32 bytes")
        else:
            expect(len(raw) == 64, "X and Y are 64 bytes")
            expect(compressed == bytes([2 + raw[63] % 2]) + raw[:32], "the compressed key is X and the parity of Y")
        expect(text.startswith(key_letters), f"{text} begins with {key_letters}")
        expect(base58check_payload(text, 4) == compressed, "the text holds the compressed key")
        expect(address.startswith(address_letters) and len(address) == 36, f"{address} is an address")
        digest = hashlib.blake2b(compressed, digest_size=20).digest()
        expect(base58check_payload(address, 3) == digest, "the address is the key's hash")
        print(f"key {alias}    {address} {text}")


def sign_and_verify(device):
    operation = b"\x03" + bytes(32) + b"hello"
    digest = hashlib.blake2b(operation, digest_size=32).digest()
    for alias in KEYS:
        signature = device.sign(alias, MESSAGE_RAW, operation)
        expect(len(signature) == 64, "a raw signature has 64 bytes")
        text = device.sign(alias, MESSAGE_TEXT, operation)
        expect(device.verify(alias, MESSAGE_RAW, operation, signature) == b"\x01", "the signature is valid")
        expect(device.verify(alias, MESSAGE_TEXT, operation, text) == b"\x01", "the text of one is valid")
        expect(device.verify(alias, DIGEST_RAW, digest, signature) == b"\x01", "it is over the BLAKE2b-256 digest")
        spoilt = bytes([signature[0] ^ 1]) + signature[1:]
        expect(device.verify(alias, MESSAGE_RAW, operation, spoilt) == b"\x00", "a spoilt one is not")
        if alias == 1:
            expect(device.sign(alias, MESSAGE_RAW, operation) == signature, "Ed25519 is deterministic")
        print(f"signed   with key {alias}, and verified: {text[:10].decode('ascii')}...")


def attestation(level, round_):
    return b"\x13" + bytes(39) + struct.pack(">II", level, round_) + bytes(32)


def be_refused(device):
    level = int(time.time() * 10) % 2**31
    vote = attestation(level, 0)
    expect_refusal(device.sign(1, MESSAGE_RAW, vote), POLICY_REFUSED, "an attestation by key 1")
    expect(len(device.sign(3, MESSAGE_RAW, vote)) == 64, "an attestation by key 3 is signed")
    expect_refusal(device.sign(3, MESSAGE_RAW, vote), WATERMARK_REFUSED, "the same level and round")
    expect_refusal(device.sign(3, MESSAGE_RAW, attestation(level - 1, 9)), WATERMARK_REFUSED, "a level below")
    damaged = bytearray(command(GET_PK, 1, RAW))
    damaged[-1] ^= 1
    expect_refusal(device.exchange(bytes(damaged)), CHECKSUM_WRONG, "a wrong checksum")
    expect_refusal(device.exchange(command(0x77, 0, 0)), OPCODE_UNKNOWN, "an unknown opcode")


def main():
    if len(sys.argv) != 2:
        print("usage: client.py PORT", file=sys.stderr)
        return 64
    expect(crc16(b"123456789") == 0xFEE8, "check value of the CRC")
    device = Tezio(sys.argv[1])
    started = time.monotonic()
    try:
        read_keys(device)
        sign_and_verify(device)
        be_refused(device)
    except AssertionError as error:
        print(f"NOT AS DOCUMENTED: {error}", file=sys.stderr)
        return 1
    finally:
        device.port.close()
    print(f"as documented, in {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
