#!/usr/bin/env python3
"""A client of the sample's greeter: prints the banner, sends each line, prints each answer.

    talk.py HOST PORT LINE...
"""

import socket
import sys


def main():
    host, port, *lines = sys.argv[1:]
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        stream = connection.makefile("rwb")
        print(stream.readline().decode().strip())
        for line in lines:
            stream.write(line.encode() + b"\r\n")
            stream.flush()
            print(stream.readline().decode().strip())


if __name__ == "__main__":
    main()
