"""Accounts of the editor: names, hashed passwords and the key of each account's sessions, in a file with mode 0600."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from werkzeug.security import check_password_hash, generate_password_hash

from feeds.base.atomic import atomic_write
from feeds.base.locks import FileLock

MIN_PASSWORD_LENGTH = 10
"""Minimum number of characters of a password."""

PRIVATE_MODE = 0o600

_NO_ACCOUNT = generate_password_hash(secrets.token_hex(16))
"""Hash that is checked if there is no account, so that response times do not reveal which accounts exist."""


class AccountError(Exception):
    """Raised if accounts cannot be read or changed, with a message for administrators."""


@dataclass(frozen=True)
class Account:
    """The hash of a password, and a random key that all sessions of the account contain."""

    password: str
    session: str


class Accounts:
    """The accounts in a folder, which is created with the first one."""

    def __init__(self, folder: Path) -> None:
        """Set the folder. Nothing is read yet."""
        self._folder, self._path = folder, folder / "accounts.json"

    def names(self) -> list[str]:
        """Return the names of all accounts, sorted. Raises AccountError."""
        return sorted(self._read())

    def add(self, name: str, password: str) -> None:
        """Add an account, or set the password of an existing one and end its sessions. Raises AccountError."""
        if not name.isprintable() or not name.strip() or set(name) & set("<>\n") or len(name) > 100:
            raise AccountError(f"{name!r} is not a name (expected up to 100 characters, without < and >)")
        if len(password) < MIN_PASSWORD_LENGTH:
            raise AccountError(f"the password is too short (expected at least {MIN_PASSWORD_LENGTH} characters)")
        with self._changing() as accounts:
            accounts[name] = Account(generate_password_hash(password), secrets.token_hex(16))

    def remove(self, name: str) -> None:
        """Remove an account and end its sessions. Raises AccountError if there is none."""
        with self._changing() as accounts:
            if name not in accounts:
                raise AccountError(f"{name} is not an account (expected one of: {', '.join(sorted(accounts)) or '–'})")
            del accounts[name]

    def verify(self, name: str, password: str) -> bool:
        """Return whether a password is that of an account."""
        account = self._read().get(name)
        return check_password_hash(account.password if account else _NO_ACCOUNT, password) and account is not None

    def session_key(self, name: str) -> str | None:
        """Return the key of an account's sessions, or None if there is no such account."""
        account = self._read().get(name)
        return account.session if account else None

    def end_sessions(self, name: str) -> None:
        """Make all sessions of an account invalid."""
        with self._changing() as accounts:
            if account := accounts.get(name):
                accounts[name] = Account(account.password, secrets.token_hex(16))

    def secret_key(self) -> bytes:
        """Return the key that signs cookies and links, which is created at the first call. Raises AccountError."""
        path = self._folder / "secret"
        try:
            if not path.exists():
                self._folder.mkdir(parents=True, exist_ok=True)
                with suppress(FileExistsError):
                    atomic_write(path, secrets.token_bytes(32), is_new=True, mode=PRIVATE_MODE)
            return path.read_bytes()
        except OSError as error:
            raise AccountError(f"{path}: {error.strerror} (expected a writable folder)") from None

    def _read(self) -> dict[str, Account]:
        try:
            return {name: Account(**values) for name, values in json.loads(self._path.read_bytes()).items()}
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise AccountError(f"{self._path}: {error.strerror} (expected a readable file)") from None
        except (ValueError, TypeError, AttributeError):
            raise AccountError(f"{self._path} is damaged (remove it, and add the accounts again)") from None

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Account]]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self._folder / "lock"):
                accounts = self._read()
                yield accounts
                data = json.dumps({name: asdict(account) for name, account in accounts.items()}, ensure_ascii=False)
                atomic_write(self._path, data.encode(), mode=PRIVATE_MODE)
        except OSError as error:
            raise AccountError(f"{self._path}: {error.strerror} (expected a writable folder)") from None
