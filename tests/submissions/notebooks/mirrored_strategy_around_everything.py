# Boilerplate for several GPUs: memory growth that fails without one, nvidia-smi, and network, compile and
# fit in the scope of a MirroredStrategy. Right.
#
# /// label
# [cells]
# insert = {gpu = "imports", devices = "data"}
# ///

# %% gpu
import os

os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
!nvidia-smi
for card in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(card, True)
tf.config.experimental.set_memory_growth(tf.config.list_physical_devices("GPU")[0], True)

# %% devices
strategy = tf.distribute.MirroredStrategy()
print("replicas:", strategy.num_replicas_in_sync)

# %% cnn
def make_network():
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            layers.Conv2D(16, 5, strides=2, padding="same", activation="relu", name="conv2d"),
            layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
            layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2"),
            layers.MaxPooling2D(),
            layers.Conv2D(18, 3, padding="same", activation="relu", name="conv2d_3"),
            layers.Flatten(),
            layers.Dense(10),
            layers.Softmax(),
        ]
    )


with strategy.scope():
    model = make_network()

# %% train
batch = 32 * strategy.num_replicas_in_sync  # 32 for each card
with strategy.scope():
    model.compile(
        loss="categorical_crossentropy",
        optimizer=keras.optimizers.Adam(learning_rate=2e-3),
        metrics=["accuracy"],
    )
    results = model.fit(x_train, y_train, epochs=5, batch_size=batch, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = model.get_layer(layer_name).filters
visualized_feature = [None for _ in range(number_of_filters)]

detector = keras.Model(inputs=model.inputs, outputs=model.get_layer(layer_name).output)

for j in range(number_of_filters):
    canvas = KTF.variable(np.random.uniform(size=[1, 28, 28, 1]))
    for _ in range(gradient_updates):
        with tf.GradientTape() as record:
            signal = KTF.mean(detector(canvas)[:, :, :, j])
        uphill = record.gradient(signal, canvas)
        canvas.assign_add(step_size * normalize(uphill))
    visualized_feature[j] = canvas.numpy()
    print(f"filter {j} of {number_of_filters}: {float(signal):.3f}")

# %% plot
figure = plt.figure(figsize=(9, 5.5), constrained_layout=True)
places = figure.add_gridspec(3, 6)
for j, canvas in enumerate(visualized_feature):
    ax = figure.add_subplot(places[j // 6, j % 6])
    ax.matshow(deprocess_image(canvas.copy())[0, ..., 0], cmap="gray")
    ax.set_title(f"feature {j}")
    ax.axis("off")
plt.show()
