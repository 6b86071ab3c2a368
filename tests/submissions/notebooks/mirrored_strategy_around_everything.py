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
with strategy.scope():
    model = keras.Sequential([
        layers.Input(shape=(28, 28, 1)),
        layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d"),
        layers.Conv2D(12, 3, padding="same", activation="relu", name="conv2d_1"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2"),
        layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_3"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ])

# %% train
with strategy.scope():
    model.compile(optimizer=keras.optimizers.Adam(2e-3), loss="categorical_crossentropy", metrics=["accuracy"])
    results = model.fit(x_train, y_train, batch_size=32 * strategy.num_replicas_in_sync, epochs=5, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

up_to_layer = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(size=(1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = KTF.mean(up_to_layer(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())

# %% plot
figure, axes = plt.subplots(4, 8, figsize=(8, 4 * 1.2))
for i, (ax, image) in enumerate(zip(axes.flat, visualized_feature)):
    ax.imshow(deprocess_image(image.copy()).squeeze(), cmap="gray")
    ax.set_title(f"feature {i}", fontsize=7)
    ax.axis("off")
plt.show()
