# Panels with matshow in a GridSpec, and a second figure of the loss curves after it, drawn from an own
# extra cell. Looks into the third of five convolutions, with 16 filters. Everything right.
#
# /// label
# [cells]
# insert = {test_two_filters = "train"}
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input((28, 28, 1)))
for i, (f, pool) in enumerate([(8, 0), (8, 1), (16, 0), (16, 1), (32, 0)]):
    model.add(layers.Conv2D(f, 3, padding="same", activation="relu", name="conv2d" + (f"_{i}" if i else "")))
    if pool:
        model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))
model.summary()

# %% train
model.compile(optimizer=keras.optimizers.Adam(), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)

# %% test_two_filters
# first try: only the gradient of two filters, how long is it?
probe = keras.Model(model.inputs, model.get_layer("conv2d_2").output)
for j in (0, 1):
    v = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    with tf.GradientTape() as tape:
        a = tf.reduce_mean(probe(v)[..., j])
    print(j, float(a), float(tf.norm(tape.gradient(a, v))))

# %% ascent
layer_name = "conv2d_2"
number_of_filters = 16
visualized_feature = []
curves = np.zeros((number_of_filters, gradient_updates))

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(probe(input_img)[0, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
        curves[filter_index, update] = loss
    visualized_feature.append(input_img.numpy()[0, :, :, 0])

# %% plot
from matplotlib.gridspec import GridSpec

figure = plt.figure(figsize=(9, 10))
figure.suptitle(f"what the filters of {layer_name} want to see")
gs = GridSpec(4, 4, figure=figure, hspace=0.3)

for i in range(number_of_filters):
    ax = figure.add_subplot(gs[i // 4, i % 4])
    ax.matshow(deprocess_image(visualized_feature[i].copy()), cmap="gray")
    ax.set_title(f"feature {i}", fontsize=10)
    ax.tick_params(bottom=False, top=False, left=False, labeltop=False, labelleft=False)

plt.show()

plt.figure()
plt.plot(curves.T)
plt.xlabel("update")
plt.ylabel("mean activation")
plt.show()
