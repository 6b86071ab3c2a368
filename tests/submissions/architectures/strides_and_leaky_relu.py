# No pooling: two of the convolutions have stride 2. The activations are LeakyReLU layers of their own.
# Terse and correct, all filters in one batch; the images are kept in one array of shape (64, 28, 28)
# instead of a list.
#
# /// label
# ///

# %% cnn
leak = lambda: layers.LeakyReLU(negative_slope=0.1)
model = keras.Sequential([
    keras.Input((28, 28, 1)),
    layers.Conv2D(16, 3, strides=2, padding="same", name="conv2d"), leak(),
    layers.Conv2D(24, 3, strides=1, padding="same", name="conv2d_1"), leak(),
    layers.Conv2D(32, 3, strides=2, padding="same", name="conv2d_2"), leak(),
    layers.Conv2D(64, 3, strides=1, padding="same", name="conv2d_3"), leak(),
    layers.Flatten(),
    layers.Dense(10, "softmax"),
])
print(model.count_params(), "parameters")

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, 32, 4, verbose=2)
print("test error", 1 - model.evaluate(x_test, y_test, verbose=0)[1])

# %% ascent
layer_name = "conv2d_3"
number_of_filters = N = 64

F = keras.Model(model.inputs, model.get_layer(layer_name).output)
X = tf.Variable(np.random.rand(N, 28, 28, 1).astype("f4"))
delta = tf.eye(N)[:, None, None, :]            # Kronecker: a_i only sees X_i

for n in range(gradient_updates):
    with tf.GradientTape() as tape:
        maps = F(X)
        a = tf.reduce_sum(delta * maps, axis=(1, 2, 3)) / (maps.shape[1] * maps.shape[2])
    g = tape.gradient(a, X)                    # dA/dX, A = sum_i a_i
    g /= tf.sqrt(tf.reduce_mean(g**2, axis=(1, 2, 3), keepdims=True)) + KTF.epsilon()
    X.assign_add(step_size * g)

print(a.numpy().round(2))
visualized_feature = X.numpy()[..., 0]

# %% plot
figure, axs = plt.subplots(8, 8, figsize=(12, 12))
for i, ax in enumerate(axs.flat):
    ax.imshow(deprocess_image(visualized_feature[i].copy()), cmap="gray")
    ax.set(title=f"feature {i}", xticks=[], yticks=[])
plt.tight_layout()
plt.show()
