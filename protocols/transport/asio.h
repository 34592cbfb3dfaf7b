// The Asio types we use, named once. Concrete executors instead of any_io_executor: type erasure
// costs about a tenth of a relayed request.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>

namespace understudy {

namespace asio = boost::asio;

using ErrorCode = boost::system::error_code;
using Executor = asio::io_context::executor_type;
using Tcp = asio::ip::tcp;
using Socket = asio::basic_stream_socket<Tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

/// A coroutine that runs on a worker.
template <class T>
using Task = asio::awaitable<T, Executor>;

/// co_await something(use_task): throws on error. Prefer as_tuple(use_task).
inline constexpr asio::use_awaitable_t<Executor> use_task{};

}  // namespace understudy
